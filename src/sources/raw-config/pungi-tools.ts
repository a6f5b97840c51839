// Pungi's own tools for configurations: one says what is wrong with it, the other what is in it.

import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type { ProcessRunner } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';

export interface ToolContext {
  readonly run: ProcessRunner;
  /** Where the tools are found. */
  readonly path: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Directories that stand in messages, and what is to stand there instead. */
  readonly hidden: readonly (readonly [path: string, shown: string])[];
}

const TIMEOUT_MS = 300_000;
const MAX_DUMP_LENGTH = 16 * 1024 ** 2;
const KEPT_LINES = 100;

/** Null where the configuration is valid. */
export async function validateConfig(
  directory: string,
  configFile: string,
  schemaOverrides: readonly string[],
  context: ToolContext,
): Promise<ComposeFailure | null> {
  const args = [...schemaOverrides.map((path) => `--schema-override=${path}`), configFile];
  const { exitCode, timedOut, lines, errors } = await runTool('pungi-config-validate', args, directory, context);
  if (exitCode === 0) return null;
  const told = [...lines, ...errors].filter((line) => line.trim() !== '');
  const details = told.join('\n') || null;
  if (exitCode === 127) return toolMissingFailure('pungi-config-validate');
  if (timedOut)
    return failure('TIMED_OUT', `pungi-config-validate had not finished after ${TIMEOUT_MS / 1000} s`, details);
  return failure(
    'INVALID_SOURCE',
    `The raw configuration is not valid: ${(told.at(-1) ?? 'pungi-config-validate does not say why').slice(0, 300)}`,
    details,
  );
}

/** The configuration as JSON text, nothing resolved and no default added. */
export async function dumpConfig(
  directory: string,
  configFile: string,
  context: ToolContext,
): Promise<{ readonly dump: string } | { readonly failure: ComposeFailure }> {
  const { exitCode, lines, errors } = await runTool(
    'pungi-config-dump',
    ['--just-dump', configFile],
    directory,
    context,
    MAX_DUMP_LENGTH,
  );
  if (exitCode === 0) return { dump: lines.join('\n') };
  if (exitCode === 127) return { failure: toolMissingFailure('pungi-config-dump') };
  return {
    failure: failure(
      'INVALID_SOURCE',
      'The raw configuration cannot be read by pungi-config-dump',
      errors.join('\n') || null,
    ),
  };
}

/** Rejects after an abort. */
async function runTool(
  file: string,
  args: readonly string[],
  cwd: string,
  { run, path, scratch, signal, hidden }: ToolContext,
  maxLength = 200_000,
): Promise<{
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}> {
  const lines: string[] = [];
  const errors: string[] = [];
  let length = 0;
  const shown = (line: string) => hidden.reduce((text, [from, to]) => text.replaceAll(from, to), line);
  const { exitCode, timedOut } = await run({
    file,
    args,
    cwd,
    env: {
      PATH: path,
      HOME: scratch,
      TMPDIR: scratch,
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      LOGNAME: 'odcs',
      USER: 'odcs',
    },
    signal,
    timeoutMs: TIMEOUT_MS,
    onOutput(line, stream) {
      if (stream === 'stderr') {
        // Tracebacks tell of this server, not of the configuration; what they end with is the reason.
        if (!/^(?:Traceback| {2})/.test(line) && errors.push(shown(line)) > KEPT_LINES) errors.shift();
      } else if ((length += line.length + 1) <= maxLength) {
        lines.push(maxLength === MAX_DUMP_LENGTH ? line : shown(line));
      }
    },
  });
  signal.throwIfAborted();
  return { exitCode, timedOut, lines, errors };
}
