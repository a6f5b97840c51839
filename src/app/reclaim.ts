// Takes composes back from workers that are gone. What they left, processes of this host and files, is out of the way
// first; then the compose waits again, or fails where it has lost too many, or where a cancel was asked for.

import type { Compose } from '../compose/compose.ts';
import { laneOf } from '../compose/lane.ts';
import type { LifecycleEvent, Lost } from '../compose/machine.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { forEachConcurrently } from '../concurrency/for-each-concurrently.ts';
import type {
  Claim,
  Clock,
  ComposeStore,
  Logger,
  OrphanedGroup,
  ProcessGroup,
  Results,
  WorkerRegistry,
} from './ports.ts';

export interface ReclaimDeps {
  readonly store: ComposeStore;
  readonly results: Pick<Results, 'trashAttempts'>;
  readonly registry: WorkerRegistry;
  /** Ends what is left of a process group of this host, and answers who could not be; a pid that was given anew is let be. */
  readonly terminateOrphan: (group: ProcessGroup) => Promise<readonly { readonly pid: number }[]>;
  readonly host: string;
  /** Without a sign of life for so long a worker is lost. */
  readonly lostAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

/** Each needs a connection, and a lock that somebody else may hold for some seconds. */
const TAKEN_AT_A_TIME = 8;

export async function reclaimLostAttempts(deps: ReclaimDeps): Promise<void> {
  const claims = await deps.registry.reap(deps.lostAfterMs);
  if (claims.length === 0) return;
  await killOrphans(deps);
  // One that cannot be taken back now (its row is locked) holds no other up, and is among the claims the next time.
  await forEachConcurrently(claims, TAKEN_AT_A_TIME, (claim) =>
    reclaimAttempt(deps, claim).catch((error: unknown) =>
      deps.logger.warn({ err: error, composeId: claim.composeId }, 'A compose could not be taken back yet'),
    ),
  );
}

type TakeBackOne = Pick<ReclaimDeps, 'store' | 'results' | 'clock' | 'logger' | 'rules'>;

/** `DATABASE`: the worker lives, and only the end of its attempt could not be written. */
export async function reclaimAttempt(
  deps: TakeBackOne,
  { composeId, attempt }: Claim,
  lost: Lost = 'WORKER',
): Promise<void> {
  const event: LifecycleEvent = { type: 'LOSE', at: deps.clock.now(), attempt, lost };
  await deps.store.transaction(async (tx) => {
    const compose = await tx.lock(composeId);
    if (!compose) return;
    const meanwhile = () => clearFiles(deps, compose);
    const changed = await changeCompose(
      tx,
      compose,
      {
        event,
        by: 'system',
        reason: lost === 'WORKER' ? 'Its worker was lost' : 'Its end could not be written',
        meanwhile,
      },
      deps.rules,
    );
    if (!changed) return;
    if (changed.state === 'WAIT') await tx.enqueue(changed, laneOf(changed));
    deps.logger.warn({ composeId, attempt, state: changed.state, lost }, 'A compose was taken back');
  });
}

/** Where they cannot be reached from here, the next attempt clears them away, or the sweep. */
async function clearFiles({ results, logger }: TakeBackOne, compose: Compose): Promise<void> {
  await results
    .trashAttempts(compose)
    .catch((error: unknown) =>
      logger.warn({ err: error, composeId: compose.id }, 'The files of a lost attempt could not be cleared away'),
    );
}

/** One that cannot be ended takes its 10 s. */
const ENDED_AT_A_TIME = 32;

/** Ends the engines of this host that nobody living watches over. What outlives that stays known, and is tried again. */
export async function killOrphans(
  deps: Pick<ReclaimDeps, 'registry' | 'terminateOrphan' | 'host' | 'logger'>,
): Promise<void> {
  await forEachConcurrently(await deps.registry.orphanedProcessGroups(deps.host), ENDED_AT_A_TIME, (group) =>
    killOrphan(deps, group),
  );
}

async function killOrphan(
  { registry, terminateOrphan: killLeftOver, logger }: Parameters<typeof killOrphans>[0],
  group: OrphanedGroup,
): Promise<void> {
  const { composeId, pgid } = group;
  logger.warn({ composeId, pgid }, 'Ending what a lost worker left running');
  try {
    const survivors = await killLeftOver(group);
    if (survivors.length === 0) await registry.forgetProcessGroup(group);
    else logger.warn({ composeId, pgid, survivors }, 'Something that a lost worker left running cannot be ended yet');
  } catch (error) {
    logger.warn({ err: error, composeId, pgid }, 'What a lost worker left running could not be ended');
  }
}
