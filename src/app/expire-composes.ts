// Composes end by the clock as well: results go when they expire, removals that were cut off are finished, and a
// compose that nobody took for too long fails. What lies in a target directory that is not reachable from here is left to
// a process that reaches it.

import { changeCompose } from './change-compose.ts';
import { endPins } from './pin-compose.ts';
import type { DueQuery, Results } from './ports.ts';
import { finishRemoval, type RemoveComposeDeps } from './remove-compose.ts';

const BATCH = 100;
/** A removal that is under way in another process is not half done. */
const REMOVAL_GRACE_MS = 30_000;

export interface ExpireComposesDeps extends RemoveComposeDeps {
  readonly results: Pick<Results, 'remove' | 'latest' | 'reachable'>;
  readonly maxWaitSeconds: number;
}

export async function removeExpired(deps: ExpireComposesDeps): Promise<void> {
  const targetDirs = await deps.results.reachable();
  const latest = await Promise.all(targetDirs.map((targetDir) => deps.results.latest(targetDir)));
  const except = latest.flatMap((ids) => [...ids]);
  for (const id of await deps.store.due({ what: 'EXPIRED', at: deps.clock.now(), targetDirs, except, limit: BATCH })) {
    const compose = await deps.store.transaction(async (tx) => {
      const locked = await tx.lock(id);
      const at = deps.clock.now();
      if (!locked || locked.expiresAt > at) return null;
      const { compose: unpinned, heldBy } = await endPins(tx, locked, at, deps.rules);
      if (heldBy !== null) return null;
      return changeCompose(tx, unpinned, { event: { type: 'BEGIN_REMOVAL', at, by: 'system', reason: null }, by: 'system' }, deps.rules);
    });
    if (compose) await finishRemoval(deps, compose, 'expired');
  }
}

export async function finishHalfRemoved(deps: ExpireComposesDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - REMOVAL_GRACE_MS);
  const targetDirs = await deps.results.reachable();
  for (const id of await deps.store.due({ what: 'HALF_REMOVED', before, targetDirs, limit: BATCH })) {
    const compose = await deps.store.find(id);
    if (compose) await finishRemoval(deps, compose, null);
  }
}

export async function giveUpWaiting(deps: ExpireComposesDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.maxWaitSeconds * 1000);
  const due: DueQuery = { what: 'WAITED_TOO_LONG', before, limit: BATCH };
  for (const id of await deps.store.due(due)) {
    await deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose) await changeCompose(tx, compose, { event: { type: 'GIVE_UP', at: deps.clock.now() }, by: 'system' }, deps.rules);
    });
  }
}
