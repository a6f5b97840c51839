// Takes composes back from workers that are gone. What they left, processes of this host and files, is out of the way
// first; then the compose waits again, or fails where it has lost too many, or where a cancel was asked for.

import type { Compose } from '../compose/compose.ts';
import type { LifecycleEvent } from '../compose/machine.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import type { Claim, Clock, ComposeStore, Logger, ProcessGroup, Results, WorkerRegistry } from './ports.ts';

export interface TakeBackDeps {
  readonly store: ComposeStore;
  readonly results: Pick<Results, 'clear'>;
  readonly registry: WorkerRegistry;
  /** Ends what is left of a process group of this host; a pid that was given anew is let be. */
  readonly killLeftOver: (group: ProcessGroup) => Promise<void>;
  readonly host: string;
  /** Without a sign of life for so long a worker is lost. */
  readonly lostAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

export async function takeBackLost(deps: TakeBackDeps): Promise<void> {
  const claims = await deps.registry.reap(deps.lostAfterMs);
  if (claims.length === 0) return;
  await killOrphans(deps);
  for (const claim of claims) {
    // One that cannot be taken back now (its row is locked) holds no other up, and is among the claims the next time.
    await takeBack(deps, claim).catch((error: unknown) => deps.logger.warn({ err: error, composeId: claim.composeId }, 'A compose could not be taken back yet'));
  }
}

type TakeBackOne = Pick<TakeBackDeps, 'store' | 'results' | 'clock' | 'logger' | 'rules'>;

export async function takeBack(deps: TakeBackOne, { composeId, attempt }: Claim): Promise<void> {
  const event: LifecycleEvent = { type: 'LOSE', at: deps.clock.now(), attempt };
  await deps.store.transaction(async (tx) => {
    const compose = await tx.lock(composeId);
    if (!compose) return;
    const meanwhile = () => clearFiles(deps, compose);
    const changed = await changeCompose(tx, compose, { event, by: 'system', reason: 'Its worker was lost', meanwhile }, deps.rules);
    if (!changed) return;
    if (changed.state === 'WAIT') await tx.enqueue(changed, 'generate');
    deps.logger.warn({ composeId, attempt, state: changed.state }, 'A compose was taken back from a lost worker');
  });
}

/** Where they cannot be reached from here, the next attempt clears them away, or the sweep. */
async function clearFiles({ results, logger }: TakeBackOne, compose: Compose): Promise<void> {
  await results.clear(compose).catch((error: unknown) => logger.warn({ err: error, composeId: compose.id }, 'The files of a lost attempt could not be cleared away'));
}

/** Ends the engines of this host that nobody living watches over. */
export async function killOrphans(deps: Pick<TakeBackDeps, 'registry' | 'killLeftOver' | 'host' | 'logger'>): Promise<void> {
  for (const group of await deps.registry.orphanedProcessGroups(deps.host)) {
    deps.logger.warn({ composeId: group.composeId, pgid: group.pgid }, 'Ending what a lost worker left running');
    await deps.killLeftOver(group);
    await deps.registry.forgetProcessGroups(group);
  }
}
