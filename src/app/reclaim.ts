// Reclaims the composes of workers whose lease has expired. First the processes and files of the attempt are removed;
// then the compose returns to WAIT, or fails if it lost too many workers or its cancellation was requested.

import pMap from 'p-map';
import type { Compose } from '../compose/compose.ts';
import { laneOf } from '../compose/lane.ts';
import type { LossCause } from '../compose/lifecycle-event.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { killOrphans, type KillOrphansDeps } from './kill-orphans.ts';
import type { Claim, Clock, ComposeStore, Logger, Results, WorkerRegistry } from './ports.ts';

export interface ReclaimAttemptDeps {
  readonly store: Pick<ComposeStore, 'transaction'>;
  readonly results: Pick<Results, 'trashAttempts'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

export interface ReclaimDeps extends ReclaimAttemptDeps, KillOrphansDeps {
  readonly registry: KillOrphansDeps['registry'] & Pick<WorkerRegistry, 'reap'>;
  readonly logger: Logger;
  readonly leaseExpiresAfterMs: number;
}

/** Each takes a database connection, and may wait some seconds for a row lock. */
const RECLAIM_CONCURRENCY = 8;

export async function reclaimLostAttempts(deps: ReclaimDeps): Promise<void> {
  const claims = await deps.registry.reap(deps.leaseExpiresAfterMs);
  if (claims.length === 0) return;
  await killOrphans(deps);
  const reclaim = (claim: Claim) =>
    reclaimAttempt(deps, claim, 'WORKER').catch((error: unknown) =>
      deps.logger.warn({ err: error, composeId: claim.composeId }, 'A compose could not be reclaimed yet'),
    );
  await pMap(claims, reclaim, { concurrency: RECLAIM_CONCURRENCY });
}

/** `lost` is DATABASE if the worker lives, and only the end of its attempt could not be stored. */
export async function reclaimAttempt(
  deps: ReclaimAttemptDeps,
  { composeId, attempt }: Claim,
  lost: LossCause,
): Promise<void> {
  const { store, clock, logger, rules } = deps;
  const event = { type: 'LOSE', at: clock.now(), attempt, lost } as const;
  const reason = lost === 'WORKER' ? 'Its worker was lost' : 'The end of its attempt could not be stored';
  await store.transaction(async (tx) => {
    const compose = await tx.lock(composeId);
    if (!compose) return;
    const meanwhile = () => trashFiles(deps, compose);
    const changed = await changeCompose(tx, compose, { event, by: 'system', reason, meanwhile }, rules);
    if (!changed) return;
    if (changed.state === 'WAIT') await tx.enqueue(changed, laneOf(changed));
    logger.warn({ composeId, attempt, state: changed.state, lost }, 'A compose was reclaimed');
  });
}

/** If the files are not reachable from this host, the next attempt or the purge of leftovers trashes them. */
async function trashFiles({ results, logger }: ReclaimAttemptDeps, compose: Compose): Promise<void> {
  await results
    .trashAttempts(compose)
    .catch((error: unknown) =>
      logger.warn({ err: error, composeId: compose.id }, 'The files of a lost attempt could not be trashed'),
    );
}
