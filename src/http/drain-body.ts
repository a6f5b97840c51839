// Reads off what a client still sends of a body that is refused, within bounds: whoever is cut off in the middle of
// sending sees a broken connection, and never the answer that says why.

import type { IncomingMessage } from 'node:http';

const MOST_BYTES = 64 * 1024 * 1024;
const LONGEST_MS = 10_000;

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
    if (bytes > MOST_BYTES) done();
  };
  const timer = setTimeout(done, LONGEST_MS);
  request.on('data', count).on('end', done).on('close', done).resume();
}
