// Reads modulemd documents: a few small ones here, others in a thread.

import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { readModulemd, type ModulemdResult } from './modulemd.ts';

/** The YAML library needs some 6 ms for a thousand. */
const MAX_INLINE_CHARACTERS = 4_096;

export async function readModulemds(texts: readonly string[], signal: AbortSignal): Promise<readonly ModulemdResult[]> {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters <= MAX_INLINE_CHARACTERS) return texts.map(readModulemd);
  return await runInThread<readonly ModulemdResult[]>({
    module: threadModule(import.meta.url, 'modulemd-thread'),
    input: texts,
    signal,
  });
}
