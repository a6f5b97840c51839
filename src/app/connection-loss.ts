// Whether an error says that the database was not reached, or did not keep up: nobody's mistake, and worth another try.

// Connection exceptions (class 08), shutdown and start-up (57P), too many connections, a lock that was not given in time,
// a transaction that was ended because its process was frozen; and what sockets say.
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
    // A missing socket file is a database that is down; any other missing file is not.
    if (typeof code === 'string' && LOST.test(code) && (code !== 'ENOENT' || syscall === 'connect')) return true;
    if (LOST_MESSAGE.test(at.message)) return true;
    at = cause ?? previous;
  }
  return false;
}
