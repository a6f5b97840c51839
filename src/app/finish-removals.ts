// Finishes removals that a crash or an unreachable target directory has interrupted.

import { READ_ALL } from '../compose/read-policy.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import { finishRemoval, type RemovalDeps } from './removal.ts';

/** A removal that began more recently may still run in another process. */
const REMOVAL_GRACE_MS = 30_000;

export async function finishRemovals(deps: RemovalDeps & ForEachDueDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - REMOVAL_GRACE_MS);
  const targetDirs = await deps.results.reachableTargets();
  await forEachDue(deps, { what: 'HALF_REMOVED', before, targetDirs }, async (id) => {
    const compose = await deps.store.find(id, READ_ALL);
    if (compose) await finishRemoval(deps, compose);
  });
}
