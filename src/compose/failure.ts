// Why a compose failed, in a closed list, so that a script can decide what to do. `retryable` follows from the code
// unless the place that failed knows better.

export const FAILURE_CODES = [
  'INVALID_SOURCE',
  'MISSING_PACKAGES',
  'UNSATISFIED_DEPENDENCIES',
  'UNSIGNED_PACKAGES',
  'UPSTREAM_UNAVAILABLE',
  'ENGINE_FAILED',
  'TIMED_OUT',
  'CANCELED',
  'WORKER_LOST',
  'STORAGE',
  'INTERNAL',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

export interface ComposeFailure {
  readonly code: FailureCode;
  /** One sentence for a person that says what to do. */
  readonly message: string;
  /** The same request may work later, unchanged. */
  readonly retryable: boolean;
  /** The engine's own errors, with URLs in place of server paths. */
  readonly details: string | null;
}

const RETRYABLE: ReadonlySet<FailureCode> = new Set([
  'UPSTREAM_UNAVAILABLE',
  'TIMED_OUT',
  'WORKER_LOST',
  'STORAGE',
  'INTERNAL',
]);

export const MAX_FAILURE_DETAILS = 2_000;
/** Room for the names of all packages that are missing. */
const MAX_FAILURE_MESSAGE = 20_000;

export function failure(code: FailureCode, message: string, details: string | null = null): ComposeFailure {
  return {
    code,
    message: presentable(message, MAX_FAILURE_MESSAGE),
    retryable: RETRYABLE.has(code),
    details: details && presentable(details, MAX_FAILURE_DETAILS),
  };
}

/** Tools and repositories may say anything: what is kept of it can be stored and shown. */
function presentable(text: string, limit: number): string {
  return text
    .slice(0, limit)
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd');
}
