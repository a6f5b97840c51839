// Why a compose failed, in a closed list, so that a script can decide what to do.

interface FailureDefinition {
  /** Whether the same request may work later, unchanged. */
  readonly retryable: boolean;
  readonly meaning: string;
}

const FAILURE_TABLE = {
  INVALID_SOURCE: {
    retryable: false,
    meaning: 'The source cannot be composed as requested: an unknown tag, build or module, an unreadable repository.',
  },
  MISSING_PACKAGES: { retryable: false, meaning: 'The source has no package of a requested name.' },
  UNSATISFIED_DEPENDENCIES: {
    retryable: false,
    meaning: 'With CHECK_DEPS: a package in the compose has an unsatisfied dependency.',
  },
  UNSIGNED_PACKAGES: { retryable: false, meaning: 'A package is not signed with any of the requested sigkeys.' },
  UPSTREAM_UNAVAILABLE: {
    retryable: true,
    meaning:
      'A service that the compose needs did not answer or gave an unusable answer: Koji, MBS, Pulp, CTS, git or a mirror.',
  },
  ENGINE_FAILED: { retryable: false, meaning: 'Pungi or another tool that generates the compose ended with an error.' },
  TIMED_OUT: { retryable: true, meaning: 'Generating the compose, or waiting for a worker, took too long.' },
  CANCELED: { retryable: false, meaning: 'The compose was canceled on request.' },
  WORKER_LOST: {
    retryable: true,
    meaning: 'The compose was lost `queue.maxLostWorkers` times, or 100 attempts were made.',
  },
  STORAGE: { retryable: true, meaning: 'The results could not be written to the target directory.' },
  INTERNAL: { retryable: true, meaning: 'An error of the service itself; the service log has the details.' },
} satisfies Record<string, FailureDefinition>;
export type FailureCode = keyof typeof FAILURE_TABLE;
export const FAILURES: Readonly<Record<FailureCode, FailureDefinition>> = FAILURE_TABLE;

export interface ComposeFailure {
  readonly code: FailureCode;
  /** For a person: what is wrong and what to do about it. */
  readonly message: string;
  /** Whether the same request may work later, unchanged. */
  readonly retryable: boolean;
  /** The output of the tool that failed, the answer of the service that failed, or the whole list that `message` shortens. */
  readonly details: string | null;
}

const MAX_FAILURE_DETAILS = 2_000;
/** Enough for the names of all missing packages. */
const MAX_FAILURE_MESSAGE = 20_000;

export function failure(code: FailureCode, message: string, details: string | null = null): ComposeFailure {
  return {
    code,
    message: storable(message, MAX_FAILURE_MESSAGE),
    retryable: FAILURES[code].retryable,
    details: details && storable(details, MAX_FAILURE_DETAILS),
  };
}

/** Texts of tools and repositories can contain anything; this is what PostgreSQL and clients can take. */
function storable(text: string, limit: number): string {
  return text
    .slice(0, limit)
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd');
}
