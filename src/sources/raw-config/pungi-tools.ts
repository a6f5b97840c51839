// Pungi's own tools for configurations: pungi-config-validate and pungi-config-dump.

import type { ProcessRunner } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { toolMissingFailure } from '../../compose/tool-failures.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';

export interface ToolContext {
  readonly run: ProcessRunner;
  /** PATH of the tools. */
  readonly path: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Directories to replace in messages, and their replacements. */
  readonly hidden: readonly (readonly [path: string, shown: string])[];
}

interface ToolOutput {
  /** Null after a signal; 127 if the tool is not installed. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

const TIMEOUT_MS = 300_000;
const MAX_OUTPUT_LENGTH = 200_000;
const MAX_DUMP_LENGTH = 16 * 1024 ** 2;
const KEPT_LINES = 100;
/** Tracebacks show this server's code; the line after one is the reason. */
const TRACEBACK_LINE = /^(?:Traceback| {2})/;

/** Null if the configuration is valid. Rejects after an abort. */
export async function validateConfig(
  directory: string,
  configFile: string,
  schemaOverrides: readonly string[],
  context: ToolContext,
): Promise<ComposeFailure | null> {
  const args = [...schemaOverrides.map((path) => `--schema-override=${path}`), configFile];
  const output = await runTool('pungi-config-validate', args, directory, context);
  if (output.exitCode === 0) return null;
  const shown = shownIn(context);
  const lines = [...output.stdout.map(shown), ...output.stderr].filter((line) => line.trim() !== '');
  const details = lines.join('\n') || null;
  if (output.exitCode === 127) return toolMissingFailure('pungi-config-validate');
  if (output.timedOut)
    return failure('TIMED_OUT', `pungi-config-validate did not finish within ${TIMEOUT_MS / 1000} s.`, details);
  const reason = (lines.at(-1) ?? 'pungi-config-validate gives no reason').slice(0, 300);
  return failure('INVALID_SOURCE', `The raw configuration is not valid: ${reason}`, details);
}

/** The configuration as JSON text, without defaults and without resolving anything. Rejects after an abort. */
export async function dumpConfig(directory: string, configFile: string, context: ToolContext): Promise<Answer<string>> {
  const args = ['--just-dump', configFile];
  const { exitCode, stdout, stderr } = await runTool('pungi-config-dump', args, directory, context, MAX_DUMP_LENGTH);
  if (exitCode === 0) return { value: stdout.join('\n') };
  if (exitCode === 127) return { failure: toolMissingFailure('pungi-config-dump') };
  return invalidSource('pungi-config-dump cannot read the raw configuration.', stderr.join('\n') || null);
}

async function runTool(
  file: string,
  args: readonly string[],
  cwd: string,
  context: ToolContext,
  maxLength = MAX_OUTPUT_LENGTH,
): Promise<ToolOutput> {
  const { run, path, scratch, signal } = context;
  const stdout: string[] = [];
  const stderr: string[] = [];
  let length = 0;
  const shown = shownIn(context);
  const home = { HOME: scratch, TMPDIR: scratch, LOGNAME: 'odcs', USER: 'odcs' };
  const { exitCode, timedOut } = await run({
    file,
    args,
    cwd,
    env: { PATH: path, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...home },
    signal,
    timeoutMs: TIMEOUT_MS,
    onOutput(line, stream) {
      if (stream === 'stderr') {
        if (!TRACEBACK_LINE.test(line) && stderr.push(shown(line)) > KEPT_LINES) stderr.shift();
      } else if ((length += line.length + 1) <= maxLength) {
        stdout.push(line);
      }
    },
  });
  signal.throwIfAborted();
  return { exitCode, timedOut, stdout, stderr };
}

function shownIn({ hidden }: ToolContext): (line: string) => string {
  return (line) => hidden.reduce((text, [from, to]) => text.replaceAll(from, to), line);
}
