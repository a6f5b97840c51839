// A worker's lease: its row, refreshed each second. By this process's own monotonic clock it is over before others may
// take it for lost; then everything that runs here stops. What the database says it holds is compared with what runs.

import type { RunningAttempts } from './attempt/running-attempts.ts';
import type { Claim, Logger, Service, WorkerIdentity, WorkerRegistry } from './ports.ts';

export interface LeaseDeps {
  readonly registry: WorkerRegistry;
  readonly identity: WorkerIdentity;
  readonly attempts: RunningAttempts;
  /** Takes back what this worker holds by the database's account though nothing runs: its end could not be written. */
  readonly reclaim: (claim: Claim) => Promise<void>;
  readonly logger: Logger;
}

const REFRESH_MS = 1_000;
/** Below the 6 s after which others take this worker for lost. */
const LEASE_MS = 5_000;

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
    this.#timer = setInterval(() => void this.#tick(), REFRESH_MS);
  }

  async stop(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { registry, identity, logger } = this.#deps;
    await registry
      .retire(identity.id)
      .catch((error: unknown) => logger.warn({ err: error }, 'The worker could not sign off'));
  }

  async #tick(): Promise<void> {
    const { attempts, logger } = this.#deps;
    if (performance.now() - this.#refreshedAt > LEASE_MS && attempts.list().length > 0) {
      logger.warn({}, 'The lease cannot be kept: stopping what runs here');
      attempts.stopAll('SUPERSEDED');
    }
    // A refresh that hangs must not hold up the clock above.
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
    // Stopped meanwhile: the row is gone because this worker signed off.
    if (!this.#timer) return;
    if (claims) return this.#compare(claims);
    logger.warn({}, 'This worker was taken for lost and registers again');
    attempts.stopAll('SUPERSEDED');
    await registry.register(identity);
  }

  #compare(claims: readonly Claim[]): void {
    const { attempts, reclaim: takeBack, logger } = this.#deps;
    const running = new Map(attempts.list().map((entry) => [entry.composeId, entry]));
    for (const claim of claims) {
      const entry = running.get(claim.composeId);
      if (claim.cancelRequested) attempts.stop(claim.composeId, 'CANCEL');
      // A slot exists before its claim does: a claim without one is of an attempt whose end could not be written.
      if (!entry)
        takeBack(claim).catch((error: unknown) =>
          logger.warn({ err: error, composeId: claim.composeId }, 'A compose could not be taken back yet'),
        );
      else if (entry.attempt > 0 && claim.attempt > entry.attempt) attempts.stop(claim.composeId, 'SUPERSEDED');
    }
  }
}
