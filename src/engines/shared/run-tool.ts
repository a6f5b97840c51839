// Runs a tool of an engine and turns its end into a failure. The tool gets an environment of its own; its output goes to the
// attempt's log. Relies on the supervisor to end all its processes.

import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type { Generation, Logger } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { minimalEnvironment, runProcess, type OutputStream, type ProcessResult } from '../supervisor/run-process.ts';

export interface ToolContext {
  /** PATH that finds the tools. */
  readonly path: string;
  readonly generation: Pick<Generation, 'compose' | 'attempt' | 'scratch' | 'log' | 'registerProcessGroup'>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

interface ToolOptions {
  /** The attempt's scratch directory by default. */
  readonly cwd?: string;
  /** Added to the minimal environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Output lines in the outcome; default 20. */
  readonly keptLines?: number;
  /** Handles a line. True: the line belongs neither to the log nor to the outcome. */
  onLine?(line: string, stream: OutputStream): boolean;
  /** How a line looks in the log; `<tool>: <line>` by default. */
  logLine?(line: string): string;
}

export interface ToolOutcome extends Omit<ProcessResult, 'aborted'> {
  /** The last lines of stdout and stderr. */
  readonly output: readonly string[];
}

const DEFAULT_KEPT_LINES = 20;

/** Rejects after an abort, once no process of the tool is left. */
export async function runTool(
  file: string,
  args: readonly string[],
  { generation, path, signal, logger }: ToolContext,
  options: ToolOptions = {},
): Promise<ToolOutcome> {
  const { logLine = (line: string) => `${file}: ${line}` } = options;
  const output = lastLines(options.keptLines ?? DEFAULT_KEPT_LINES);
  const { aborted: _, ...result } = await runProcess({
    file,
    args,
    cwd: options.cwd ?? generation.scratch,
    env: { ...minimalEnvironment(path, generation.scratch), ...options.env },
    signal,
    onOutput(line, stream) {
      if (options.onLine?.(line, stream)) return;
      generation.log(`${logLine(line)}\n`);
      output.add(line);
    },
    registerProcessGroup: (group) => generation.registerProcessGroup(group),
  });
  const { survivors } = result;
  if (survivors.length > 0) {
    const { compose, attempt } = generation;
    logger.error({ composeId: compose.id, attempt, file, survivors }, 'Processes survived SIGKILL');
    generation.log(`${survivors.length} processes of ${file} survived SIGKILL (uninterruptible sleep)\n`);
  }
  signal.throwIfAborted();
  return { ...result, output: output.get() };
}

/** Null when the tool exited with 0. */
export function toolFailure(file: string, { exitCode, signal, output }: ToolOutcome): ComposeFailure | null {
  if (exitCode === 0) return null;
  if (exitCode === 126 || exitCode === 127) return toolMissingFailure(file, output.join('\n') || null);
  const end = exitCode === null ? `was killed by ${signal ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  return failure('ENGINE_FAILED', `${file} ${end}; see the details and the log.`, output.join('\n') || null);
}

/** Turns the rejection of an aborted `work` into CANCELED. */
export async function orCanceled(
  signal: AbortSignal,
  work: () => Promise<ComposeFailure | null>,
): Promise<ComposeFailure | null> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return failure('CANCELED', 'The attempt was stopped');
    throw error;
  }
}

/** Keeps the last `count` lines. Removes older ones in batches. */
function lastLines(count: number) {
  const lines: string[] = [];
  return {
    add(line: string): void {
      if (lines.push(line) > 2 * count) lines.splice(0, count);
    },
    get: () => lines.slice(-count),
  };
}
