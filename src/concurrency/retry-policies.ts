// Every retry of the service is one entry of this table. Callers name an entry and say which outcome or error is retryable.

export interface RetryPolicy {
  /** Calls in total; 1 means no retry. */
  readonly attempts: number;
  /**
   * The average pause after the first failed call; it doubles after each further one. Each pause is multiplied by a random
   * factor between ⅔ and 1⅓, so that clients that fail together do not return together. 0 means no pauses.
   */
  readonly firstPauseMs: number;
  /** Default: no limit. */
  readonly maxPauseMs?: number;
  /** No call starts later than this after the first one. Default: no limit. */
  readonly maxTotalMs?: number;
}

export const RETRY_POLICIES = {
  /** One call, where the caller retries as a whole or prefers a fast answer. */
  'no-retry': { attempts: 1, firstPauseMs: 0 },
  /** Files over HTTP: transport failures and transient HTTP statuses; a download resumes where it stopped. */
  'http-download': { attempts: 5, firstPauseMs: 300 },
  /** JSON of MBS and Pulp: transport failures. */
  'json-service': { attempts: 4, firstPauseMs: 300 },
  /** Calls to a Koji hub and checks of its files: transport failures and transient HTTP statuses. Settings override both numbers. */
  'koji-hub': { attempts: 5, firstPauseMs: 500 },
  /** An id from the Compose Tracking Service: transport failures and transient HTTP statuses. */
  'cts-reservation': { attempts: 5, firstPauseMs: 500 },
  /** git commands that talk to a server: transport failures. */
  'git-transport': { attempts: 3, firstPauseMs: 500 },
  /** Koji's event of a tag changed while it was computed. */
  'koji-event-race': { attempts: 5, firstPauseMs: 0 },
  /** A small transaction of a running attempt: PostgreSQL cannot be reached or does not keep up. */
  'database-outage': { attempts: Infinity, firstPauseMs: 100, maxPauseMs: 2_000, maxTotalMs: 20_000 },
  /** A transaction: serialization failures and deadlocks. The pause lets the other transaction take its locks. */
  'transaction-conflict': { attempts: 2, firstPauseMs: 20 },
  /** A lost connection that must be there all the time: every failure to connect. */
  'session-reconnect': { attempts: Infinity, firstPauseMs: 50, maxPauseMs: 1_000 },
  /** The embedded PostgreSQL after it ended by itself: every failure to start. */
  'postgres-restart': { attempts: Infinity, firstPauseMs: 250, maxPauseMs: 10_000 },
  /** A new link disappeared from the trash before its rename, because another process emptied the trash. */
  'link-race': { attempts: 10, firstPauseMs: 0 },
  /** A cache entry was replaced while it was read, or was damaged; the next call takes the next one. */
  'cache-race': { attempts: 3, firstPauseMs: 0 },
} as const satisfies Record<string, RetryPolicy>;
