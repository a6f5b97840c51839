// Joining a result that is there or under way, and what becomes of those who joined when it ends. A sharer always
// points to the root itself, never to another sharer.

import type { Compose } from '../compose/compose.ts';
import { resolvedAs } from '../compose/sharing.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { Clock, ComposeStore, ComposeTransaction } from './ports.ts';

export interface SharingDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly rules: ChangeRules;
}

/** The locked compose as a sharer of the root of its digest; null where there is no root. */
export async function reuseResult(
  deps: Omit<SharingDeps, 'store'>,
  tx: ComposeTransaction,
  compose: Compose,
  digest: string,
): Promise<Compose | null> {
  const root = await tx.findReusable(digest);
  if (!root || root.id === compose.id) return null;
  const at = deps.clock.now();
  const sharer = await changeCompose(
    tx,
    compose,
    { event: { type: 'SHARE', at, root: root.id }, by: 'system', patch: { digest } },
    deps.rules,
  );
  if (!sharer) return null;
  for (const follower of await tx.lockReusers(compose.id))
    await follow(deps, tx, follower, root, `Compose ${compose.id} shares it as well`);
  return root.state === 'DONE' ? finish(deps, tx, sharer, root) : sharer;
}

/** A root has just begun: those that wait for the same need wait no longer. */
export async function attachWaitingReusers(deps: SharingDeps, digest: string): Promise<void> {
  for (const id of await deps.store.waitingFor(digest, READ_ALL)) {
    await deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose) await reuseResult(deps, tx, compose, digest);
    });
  }
}

/** A root has ended: its sharers are done or failed with it, or the oldest takes over. Resumable at any point. */
export async function resolveReusers(deps: SharingDeps, rootId: string): Promise<void> {
  const root = await deps.store.find(rootId, READ_ALL);
  if (!root || root.state === 'WAIT' || root.state === 'GENERATING') return;
  if (root.failure && (root.failure.retryable || root.failure.code === 'CANCELED')) {
    await deps.store.transaction((tx) => promoteSuccessor(deps, tx, root));
    return;
  }
  for (const id of await deps.store.reusersOf(rootId, READ_ALL)) {
    await deps.store.transaction(async (tx) => {
      const sharer = await tx.lock(id);
      if (sharer?.reuses === rootId) await finish(deps, tx, sharer, root);
    });
  }
}

/** Resolves the reusers of composes that ended in a process that stopped before it did so. */
export async function resolveLeftoverReusers(deps: SharingDeps & ForEachDueDeps): Promise<void> {
  await forEachDue(deps, { what: 'UNRESOLVED_REUSERS' }, (id) => resolveReusers(deps, id));
}

/** What a root generates is not what its digest says: nobody shares it, and those who did look again for themselves. */
export async function detachReusers(deps: SharingDeps, root: Compose): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const locked = await tx.lock(root.id);
    if (locked?.state !== 'GENERATING' || locked.attempt !== root.attempt) return;
    await tx.patch(locked, { digest: `unshared-${root.id}-${root.attempt}` });
    for (const sharer of await tx.lockReusers(root.id)) {
      const waiting = await changeCompose(
        tx,
        sharer,
        { event: { type: 'TAKE_OVER', at: deps.clock.now() }, by: 'system', reason: 'The source changed' },
        deps.rules,
      );
      if (waiting) await tx.enqueue(waiting, 'prepare');
    }
  });
}

/** All at once, so that exactly one of them generates. */
async function promoteSuccessor(deps: SharingDeps, tx: ComposeTransaction, ended: Compose): Promise<void> {
  const [heir, ...others] = await tx.lockReusers(ended.id);
  if (!heir) return;
  const reason = `Compose ${ended.id} was not finished`;
  const root = heir.digest === null ? null : await tx.findReusable(heir.digest);
  if (root) {
    for (const sharer of [heir, ...others]) await follow(deps, tx, sharer, root, reason);
    return;
  }
  const waiting = await changeCompose(
    tx,
    heir,
    { event: { type: 'TAKE_OVER', at: deps.clock.now() }, by: 'system', reason },
    deps.rules,
  );
  if (!waiting) return;
  await tx.enqueue(waiting, 'generate');
  for (const sharer of others) await follow(deps, tx, sharer, waiting, reason);
}

async function follow(
  deps: Omit<SharingDeps, 'store'>,
  tx: ComposeTransaction,
  sharer: Compose,
  root: Compose,
  reason: string,
): Promise<void> {
  const following = await changeCompose(
    tx,
    sharer,
    { event: { type: 'FOLLOW', at: deps.clock.now(), root: root.id }, by: 'system', reason },
    deps.rules,
  );
  if (following && root.state === 'DONE') await finish(deps, tx, following, root);
}

async function finish(
  deps: Omit<SharingDeps, 'store'>,
  tx: ComposeTransaction,
  sharer: Compose,
  root: Compose,
): Promise<Compose> {
  const { attempt } = sharer;
  const at = deps.clock.now();
  const event = root.failure
    ? ({ type: 'FAIL', at, attempt, failure: root.failure } as const)
    : ({ type: 'SUCCEED', at, attempt } as const);
  // What the source told of how its result was made holds for whoever shares it.
  const patch = root.failure
    ? {}
    : { source: resolvedAs(sharer.source, root.source), arches: root.arches, sigkeys: root.sigkeys };
  return (await changeCompose(tx, sharer, { event, by: 'system', patch }, deps.rules)) ?? sharer;
}
