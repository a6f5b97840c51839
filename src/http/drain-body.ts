// Reads the rest of a refused request body, within limits. A client whose connection is closed while it sends sees a
// broken connection and not the answer.

import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_MS = 10_000;

export function drainBody(request: IncomingMessage, then: () => void): void {
  if (request.readableEnded || request.destroyed) return then();
  let bytes = 0;
  const done = () => {
    clearTimeout(timer);
    request.off('data', count).off('end', done).off('close', done);
    then();
  };
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) done();
  };
  const timer = setTimeout(done, MAX_MS);
  request.on('data', count).on('end', done).on('close', done).resume();
}
