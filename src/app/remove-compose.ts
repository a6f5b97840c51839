// Removes a compose's files before they expire. From the first transaction on nobody may share, renew or pin it and no
// URL is shown; then the files go, in one rename; then it is REMOVED. A crash in between is finished by the sweep.

import type { Compose } from '../compose/compose.ts';
import { denyChange } from '../compose/permissions.ts';
import { granted, refused, type Outcome } from '../compose/refusal.ts';
import { isReadable } from '../compose/read-policy.ts';
import type { Viewer } from '../compose/viewer.ts';
import { refuseReason, type ChangeRequest } from './cancel-compose.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { endPins } from './pin-compose.ts';
import type { Clock, ComposeStore, ComposeTransaction, Logger, Results } from './ports.ts';

export interface RemoveComposeDeps {
  readonly store: ComposeStore;
  readonly results: Pick<Results, 'remove' | 'latestTargets' | 'reachable'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

export async function removeCompose(
  deps: RemoveComposeDeps,
  viewer: Viewer,
  request: ChangeRequest,
): Promise<Outcome<Compose>> {
  const tooLong = refuseReason(request);
  if (tooLong) return tooLong;
  const begun = await deps.store.transaction((tx) => beginRemoval(deps, tx, viewer, request));
  if (!begun.ok || begun.value.state === 'REMOVED') return begun;
  return granted(await finishRemoval(deps, begun.value));
}

async function beginRemoval(
  deps: RemoveComposeDeps,
  tx: ComposeTransaction,
  viewer: Viewer,
  { id, reason }: ChangeRequest,
): Promise<Outcome<Compose>> {
  const compose = await tx.lock(id);
  if (!compose || !isReadable(compose, viewer.mayRead))
    return refused({ code: 'NOT_FOUND', message: `There is no compose ${id}` });
  const denied = denyChange(viewer, compose, 'remove');
  if (denied) return denied;
  if (compose.removingAt !== null) return granted(compose);
  const event = { type: 'BEGIN_REMOVAL', at: deps.clock.now(), by: viewer.name, reason } as const;
  if (await isLatest(deps.results, compose))
    return refused({
      code: 'CONFLICT',
      message: `Compose ${id} is the latest of its kind: a link latest-… points to it`,
    });
  const unpinned = await endPins(tx, compose, event.at, deps.rules);
  if (unpinned.heldBy !== null)
    return refused({
      code: 'CONFLICT',
      message: `Compose ${id} is kept by the pin ${JSON.stringify(unpinned.heldBy)}; unpin it first`,
    });
  const changed = await changeCompose(tx, unpinned.compose, { event, by: viewer.name, reason }, deps.rules);
  if (changed) return granted(changed);
  return refused({ code: 'CONFLICT', message: `Compose ${id} is ${compose.state}; cancel it first` });
}

/** False as well where its target directory is not reachable from here: its files are then removed by somebody who looks. */
async function isLatest(results: RemoveComposeDeps['results'], { id, targetDir }: Compose): Promise<boolean> {
  return (await results.reachable()).includes(targetDir) && (await results.latestTargets(targetDir)).has(id);
}

/** The files, then the record; where the files cannot be reached from here, the sweep does both later. */
export async function finishRemoval(deps: RemoveComposeDeps, compose: Compose): Promise<Compose> {
  try {
    return await deps.store.transaction((tx) => removeLocked(deps, tx, compose));
  } catch (error) {
    deps.logger.warn({ composeId: compose.id, err: error }, 'The files of a compose cannot be removed yet');
    return compose;
  }
}

/** Under the lock of whoever made the files: of several removed at once that share them, exactly one is the last. */
async function removeLocked(
  deps: RemoveComposeDeps,
  tx: ComposeTransaction,
  { id, reuses }: Compose,
): Promise<Compose> {
  const family = new Map<string, Compose>();
  for (const member of [id, ...(reuses === null ? [] : [reuses])].toSorted(byNumber)) {
    const locked = await tx.lock(member);
    if (locked) family.set(member, locked);
  }
  const compose = family.get(id);
  if (!compose) throw new Error(`Compose ${id} is not there any more`);
  if (compose.state === 'REMOVED') return compose;
  for (const unused of await withoutUsers(tx, compose, reuses === null ? null : (family.get(reuses) ?? null))) {
    // Whoever asked for the removal may not have been able to look.
    if (await isLatest(deps.results, unused)) throw new Error(`A link latest-… points to compose ${unused.id}`);
    await deps.results.remove(unused);
    await tx.deletePackages(unused.id);
  }
  const event = { type: 'REMOVED', at: deps.clock.now() } as const;
  return (
    (await changeCompose(
      tx,
      compose,
      { event, by: compose.removedBy ?? 'system', reason: compose.removalReason },
      deps.rules,
    )) ?? compose
  );
}

/** Rows are locked in the order of their ids everywhere. */
function byNumber(one: string, other: string): number {
  return Number(one) - Number(other);
}

/**
 * Whose files nobody needs once `compose` is gone: its own, unless others share them; and, where it is the last that
 * shares, those of the removed compose that it shared. Nobody joins any more: joining wants a root that is not being removed.
 */
async function withoutUsers(
  tx: ComposeTransaction,
  compose: Compose,
  root: Compose | null,
): Promise<readonly Compose[]> {
  const unused: Compose[] = [];
  if ((await tx.countReusers(compose.id)) === 0) unused.push(compose);
  // The one that still shares it is this one.
  if (root?.state === 'REMOVED' && (await tx.countReusers(root.id)) === 1) unused.push(root);
  return unused;
}
