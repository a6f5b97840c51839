// Runs a tool of this engine's: in an environment of its own, its output to the log, its failure as the compose's.

import type { Generation, Logger } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { minimalEnvironment, runProcess } from '../supervisor.ts';

export interface ToolContext {
  /** PATH to find tools by. */
  readonly path: string;
  readonly generation: Pick<Generation, 'scratch' | 'log' | 'registerProcessGroup'>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

const LAST_LINES = 20;

/** Null where it ended well. Rejects after an abort, when none of its processes is left. */
export async function runTool(
  file: string,
  args: readonly string[],
  context: ToolContext,
  onStdout?: (line: string) => void,
): Promise<ComposeFailure | null> {
  const { generation, signal, path, logger } = context;
  const last: string[] = [];
  const {
    exitCode,
    signal: killedBy,
    survivors,
  } = await runProcess({
    file,
    args,
    cwd: generation.scratch,
    env: minimalEnvironment(path, generation.scratch),
    signal,
    onOutput(line, stream) {
      if (stream === 'stdout' && onStdout) return onStdout(line);
      generation.log(`${file}: ${line}\n`);
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    },
    registerProcessGroup: (group) => generation.registerProcessGroup(group),
  });
  if (survivors.length > 0) logger.error({ file, survivors }, 'Processes outlived SIGKILL');
  signal.throwIfAborted();
  if (exitCode === 0) return null;
  const how = exitCode === null ? `was ended by ${killedBy ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  return failure('ENGINE_FAILED', `${file} ${how}`, last.join('\n') || null);
}
