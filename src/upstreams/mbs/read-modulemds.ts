// Reads modulemd documents: a few small ones inline, others in a thread.

import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { readModulemd, type ModulemdResult } from './modulemd.ts';

/** YAML takes some 6 ms for a thousand characters. */
const MAX_INLINE_CHARACTERS = 4_096;

/** In the order of `texts`. Rejects after an abort. */
export async function readModulemds(texts: readonly string[], signal: AbortSignal): Promise<readonly ModulemdResult[]> {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters <= MAX_INLINE_CHARACTERS) return texts.map(readModulemd);
  return await runInThread<readonly ModulemdResult[]>({
    module: threadModule(import.meta.url, 'modulemd-thread'),
    input: texts,
    signal,
  });
}
