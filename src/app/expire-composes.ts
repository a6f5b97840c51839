// Removes composes that have expired. Handles only target directories that this host can read; other hosts handle the
// others.

import type { Compose } from '../compose/compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import { forEachIsolated } from './for-each-isolated.ts';
import type { ComposeTransaction } from './ports.ts';
import { beginExpiry, finishRemoval, type RemovalDeps } from './removal.ts';

export type ExpireComposesDeps = RemovalDeps & ForEachDueDeps;

export async function expireComposes(deps: ExpireComposesDeps): Promise<void> {
  await forEachIsolated(deps.logger, await deps.results.reachableTargets(), (targetDir) => expireIn(deps, targetDir));
}

/** Rejects if the links cannot be read: any compose could be the target of one. */
async function expireIn(deps: ExpireComposesDeps, targetDir: string): Promise<void> {
  const latest = await deps.results.latestComposeIds(targetDir);
  await forEachDue(deps, { what: 'EXPIRED', at: deps.clock.now(), targetDirs: [targetDir] }, async (id) => {
    if (latest.has(id)) return;
    const compose = await deps.store.transaction((tx) => beginUnlessLatest(deps, tx, id));
    if (compose) await finishRemoval(deps, compose);
  });
}

async function beginUnlessLatest(
  { results, clock, rules }: ExpireComposesDeps,
  tx: ComposeTransaction,
  id: string,
): Promise<Compose | null> {
  const locked = await tx.lock(id);
  if (!locked) return null;
  // A link may have moved since the sweep read the links. While the row is locked, none moves to this compose.
  if ((await results.latestComposeIds(locked.targetDir)).has(id)) return null;
  return beginExpiry(tx, locked, clock.now(), rules);
}
