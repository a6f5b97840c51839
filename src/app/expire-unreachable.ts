// Ends expired composes whose target directory no process of the service has configured for a day. Their files stay
// where they are; if the directory is configured again, the purge of leftovers deletes them.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { changeCompose } from './change-compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { ComposeTransaction, KnownTargets } from './ports.ts';
import { beginExpiry, lockWithReused, unusedResults, type RemovalDeps } from './removal.ts';

const UNREACHABLE_AFTER_SECONDS = 24 * 3_600;

export interface ExpireUnreachableDeps extends Omit<RemovalDeps, 'results'>, Pick<ForEachDueDeps, 'signal'> {
  readonly knownTargets: Pick<KnownTargets, 'missingFor'>;
}

export async function expireUnreachable(deps: ExpireUnreachableDeps): Promise<void> {
  const targetDirs = await deps.knownTargets.missingFor(UNREACHABLE_AFTER_SECONDS);
  if (targetDirs.length === 0) return;
  await forEachDue(deps, { what: 'EXPIRED_OR_REMOVING', at: deps.clock.now(), targetDirs }, async (id) => {
    const compose = await deps.store.find(id, READ_ALL);
    if (compose) await deps.store.transaction((tx) => removeRecord(deps, tx, compose));
  });
}

async function removeRecord(deps: ExpireUnreachableDeps, tx: ComposeTransaction, found: Compose): Promise<void> {
  const { compose, reused } = await lockWithReused(tx, found);
  const removing = compose.removingAt === null ? await beginExpiry(tx, compose, deps.clock.now(), deps.rules) : compose;
  if (!removing) return;
  const unused = await unusedResults(tx, removing, reused);
  const reason = `${removing.removalReason ?? 'removed'}; its files are out of reach: the target directory ${removing.targetDir} is configured nowhere`;
  const event = { type: 'REMOVED', at: deps.clock.now() } as const;
  const by = removing.removedBy ?? 'system';
  if (!(await changeCompose(tx, removing, { event, by, reason }, deps.rules))) return;
  for (const { id } of unused) await tx.deletePackages(id);
  deps.logger.warn(
    { composeId: removing.id, targetDir: removing.targetDir },
    'A compose was removed without its files: no process has its target directory configured',
  );
}
