// JSON of any size without holding up the event loop: long escaped strings, modulemd documents for one, take 20 ms a
// megabyte to parse.

import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';

const MAX_INLINE_BYTES = 512 * 1024;

/** Undefined where it is not JSON. Rejects after an abort. */
export async function parseJson(bytes: Uint8Array, signal: AbortSignal): Promise<unknown> {
  if (bytes.length <= MAX_INLINE_BYTES) return tryParse(bytes);
  return await runInThread<unknown>({
    module: threadModule(import.meta.url, 'parse-json-thread'),
    input: bytes,
    signal,
  });
}

export function tryParse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
