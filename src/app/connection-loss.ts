// Whether an error means that the database could not be reached or did not keep up, so that a retry may succeed.

// SQLSTATEs: connection exceptions (08), shutdown and start-up (57P), too many connections, a lock timeout, a transaction
// that was ended because it was idle. The others are error codes of sockets.
const LOST =
  /^(08...|57P0[1-5]|53300|55P03|25P0[34]|ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
const LOST_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|timeout exceeded when trying to connect|timeout expired|Query read timeout|Cannot use a pool after calling end)/;

export function isConnectionLoss(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; depth += 1) {
    const { code, syscall, cause, previous } = at as Error & {
      code?: unknown;
      syscall?: unknown;
      cause?: unknown;
      previous?: unknown;
    };
    // ENOENT of `connect` is a missing Unix socket: PostgreSQL is down.
    if (typeof code === 'string' && LOST.test(code) && (code !== 'ENOENT' || syscall === 'connect')) return true;
    if (LOST_MESSAGE.test(at.message)) return true;
    at = cause ?? previous;
  }
  return false;
}
