// JSON of any size without blocking the event loop: long escaped strings, such as modulemd documents, take 20 ms a
// megabyte to parse.

import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';

const MAX_INLINE_BYTES = 512 * 1024;

/** Undefined if the bytes are not JSON. Rejects after an abort. */
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
