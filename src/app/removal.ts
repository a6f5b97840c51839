// The two halves of every removal. Beginning it takes the compose out of sharing, renewing and pinning and hides its
// URLs; finishing it deletes the files and then the record's packages. A crash in between is finished by a chore.

import type { Compose } from '../compose/compose.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { deleteExpiredPins } from './pin-compose.ts';
import type { Clock, ComposeStore, ComposeTransaction, Logger, Results } from './ports.ts';

export interface RemovalDeps {
  readonly store: ComposeStore;
  readonly results: Pick<Results, 'trashCompose' | 'latestComposeIds' | 'reachableTargets'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

/** Null if the lifecycle machine refuses. `compose` was locked in this transaction; its expired pins are deleted. */
export async function beginRemoval(
  tx: ComposeTransaction,
  compose: Compose,
  { at, by, reason }: { readonly at: Date; readonly by: string; readonly reason: string | null },
  rules: ChangeRules,
): Promise<{ readonly begun: Compose } | { readonly pinnedBy: string } | null> {
  const unpinned = await deleteExpiredPins(tx, compose, at, rules);
  if (unpinned.pinnedBy !== null) return { pinnedBy: unpinned.pinnedBy };
  const event = { type: 'BEGIN_REMOVAL', at, by, reason } as const;
  const begun = await changeCompose(tx, unpinned.compose, { event, by, reason }, rules);
  return begun && { begun };
}

/** Null if the compose must stay: it has not expired, or a pin keeps it. */
export async function beginExpiry(
  tx: ComposeTransaction,
  compose: Compose,
  at: Date,
  rules: ChangeRules,
): Promise<Compose | null> {
  if (compose.expiresAt > at) return null;
  const removal = await beginRemoval(tx, compose, { at, by: 'system', reason: 'expired' }, rules);
  return removal && 'begun' in removal ? removal.begun : null;
}

/** Whether a `latest-*` link points to the compose; false if its target directory is not reachable from this host. */
export async function isLatest(results: RemovalDeps['results'], { id, targetDir }: Compose): Promise<boolean> {
  return (await results.reachableTargets()).includes(targetDir) && (await results.latestComposeIds(targetDir)).has(id);
}

/** The compose, REMOVED; or as it is if its files cannot be removed from this host, and a chore retries. */
export async function finishRemoval(deps: RemovalDeps, compose: Compose): Promise<Compose> {
  try {
    return await deps.store.transaction((tx) => removeFiles(deps, tx, compose));
  } catch (error) {
    deps.logger.warn({ composeId: compose.id, err: error }, 'The files of a compose cannot be removed yet');
    return compose;
  }
}

async function removeFiles(
  { results, clock, rules }: RemovalDeps,
  tx: ComposeTransaction,
  removing: Compose,
): Promise<Compose> {
  const { compose, reused } = await lockWithReused(tx, removing);
  if (compose.state === 'REMOVED') return compose;
  for (const unused of await unusedResults(tx, compose, reused)) {
    // The host that began the removal may not have been able to read the links.
    if (await isLatest(results, unused)) throw new Error(`A latest-* link points to compose ${unused.id}`);
    await results.trashCompose(unused);
    await tx.deletePackages(unused.id);
  }
  const event = { type: 'REMOVED', at: clock.now() } as const;
  const by = compose.removedBy ?? 'system';
  return (await changeCompose(tx, compose, { event, by, reason: compose.removalReason }, rules)) ?? compose;
}

/** The lock of the reused compose makes exactly one of several reusers that are removed at once the last. */
export async function lockWithReused(
  tx: ComposeTransaction,
  { id, reuses }: Pick<Compose, 'id' | 'reuses'>,
): Promise<{ readonly compose: Compose; readonly reused: Compose | null }> {
  const locked = new Map<string, Compose | null>();
  const ids = reuses === null ? [id] : [id, reuses];
  // Rows are locked in the order of their ids everywhere, which excludes deadlocks.
  for (const each of ids.toSorted((a, b) => Number(a) - Number(b))) locked.set(each, await tx.lock(each));
  const compose = locked.get(id);
  if (!compose) throw new Error(`Compose ${id} does not exist`);
  return { compose, reused: reuses === null ? null : (locked.get(reuses) ?? null) };
}

/**
 * Composes whose results are not needed once `compose` is REMOVED: the compose itself unless it is reused, and the
 * compose that it reuses if that is REMOVED and has no other reuser. Both rows are locked.
 */
export async function unusedResults(
  tx: ComposeTransaction,
  compose: Compose,
  reused: Compose | null,
): Promise<readonly Compose[]> {
  const unused: Compose[] = [];
  if ((await tx.countReusers(compose.id)) === 0) unused.push(compose);
  if (reused?.state === 'REMOVED' && (await tx.countReusers(reused.id)) === 1) unused.push(reused);
  return unused;
}
