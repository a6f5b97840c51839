// The lease of a worker: a row that it refreshes each second. If a refresh fails for too long, the worker stops its
// attempts before other processes may reclaim them. Each refresh also compares the attempts that run here with those
// that the database has for this worker.

import type { RunningAttempts } from './attempt/running-attempts.ts';
import type { Claim, Logger, Service, WorkerIdentity, WorkerRegistry } from './ports.ts';

export interface LeaseDeps {
  readonly registry: Pick<WorkerRegistry, 'register' | 'refresh' | 'retire'>;
  readonly identity: WorkerIdentity;
  readonly attempts: RunningAttempts;
  /** Reclaims an attempt that the database has for this worker, but that does not run here. */
  readonly reclaim: (claim: Claim) => Promise<void>;
  readonly logger: Logger;
}

/** Other processes reclaim the composes of a worker whose row is older, by the database's clock. */
export const LEASE_EXPIRES_AFTER_MS = 6_000;
/** Without a refresh for this time, by its own monotonic clock, the worker stops its attempts: before the lease expires. */
const STOP_AFTER_MS = 5_000;
const REFRESH_INTERVAL_MS = 1_000;

export class Lease implements Service {
  readonly #deps: LeaseDeps;
  #timer: NodeJS.Timeout | undefined;
  #refreshedAt = 0;
  #refreshing = false;

  constructor(deps: LeaseDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    if (this.#timer) return;
    await this.#deps.registry.register(this.#deps.identity);
    this.#refreshedAt = performance.now();
    this.#timer = setInterval(() => void this.#tick(), REFRESH_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { registry, identity, logger } = this.#deps;
    await registry
      .retire(identity.id)
      .catch((error: unknown) => logger.warn({ err: error }, 'The row of the worker could not be deleted'));
  }

  async #tick(): Promise<void> {
    const { attempts, logger } = this.#deps;
    if (performance.now() - this.#refreshedAt > STOP_AFTER_MS && attempts.list().length > 0) {
      logger.warn({}, 'The lease cannot be refreshed; the worker stops its attempts');
      attempts.stopAll('SUPERSEDED');
    }
    // A refresh that hangs must not delay the check above.
    if (this.#refreshing) return;
    this.#refreshing = true;
    await this.#refresh().catch((error: unknown) => logger.warn({ err: error }, 'The lease could not be refreshed'));
    this.#refreshing = false;
  }

  async #refresh(): Promise<void> {
    const { registry, identity, attempts, logger } = this.#deps;
    const begunAt = performance.now();
    const claims = await registry.refresh(identity.id);
    this.#refreshedAt = begunAt;
    // The row is gone because `stop` has deleted it meanwhile.
    if (!this.#timer) return;
    if (claims) return this.#compare(claims);
    logger.warn({}, 'The lease had expired; the worker stops its attempts and registers again');
    attempts.stopAll('SUPERSEDED');
    await registry.register(identity);
  }

  #compare(claims: readonly Claim[]): void {
    const { attempts, reclaim, logger } = this.#deps;
    const running = new Map(attempts.list().map((entry) => [entry.composeId, entry]));
    for (const claim of claims) {
      const entry = running.get(claim.composeId);
      if (claim.cancelRequested) attempts.stop(claim.composeId, 'CANCEL');
      // An entry is made before its claim. Without one the attempt has ended, and its end could not be stored.
      if (!entry)
        reclaim(claim).catch((error: unknown) =>
          logger.warn({ err: error, composeId: claim.composeId }, 'A compose could not be reclaimed yet'),
        );
      else if (entry.attempt > 0 && claim.attempt > entry.attempt) attempts.stop(claim.composeId, 'SUPERSEDED');
    }
  }
}
