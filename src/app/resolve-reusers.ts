// Ends the reusers of a compose that has ended: they get its result or its failure. If the failure may not hold for
// them, the oldest reuser becomes the successor, which generates the result for the others.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { changeCompose } from './change-compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { ComposeTransaction } from './ports.ts';
import { finishReuser, followReused, type ReuseDeps } from './reuse-result.ts';

/** Does nothing while the compose has not ended. A call that was interrupted can be repeated. */
export async function resolveReusers(deps: ReuseDeps, id: string): Promise<void> {
  const ended = await deps.store.find(id, READ_ALL);
  if (!ended || ended.state === 'WAIT' || ended.state === 'GENERATING') return;
  if (ended.failure && (ended.failure.retryable || ended.failure.code === 'CANCELED')) {
    await deps.store.transaction((tx) => promoteSuccessor(deps, tx, ended));
    return;
  }
  for (const reuserId of await deps.store.reusersOf(id, READ_ALL)) {
    await deps.store.transaction(async (tx) => {
      const reuser = await tx.lock(reuserId);
      if (reuser?.reuses === id) await finishReuser(deps, tx, reuser, ended);
    });
  }
}

/** Resolves the reusers of composes that ended in a process that stopped before it resolved them. */
export async function resolveLeftoverReusers(deps: ReuseDeps & ForEachDueDeps): Promise<void> {
  await forEachDue(deps, { what: 'UNRESOLVED_REUSERS' }, (id) => resolveReusers(deps, id));
}

/** In one transaction, so that exactly one reuser becomes the successor. */
async function promoteSuccessor(deps: ReuseDeps, tx: ComposeTransaction, ended: Compose): Promise<void> {
  const [oldest, ...others] = await tx.lockReusers(ended.id);
  if (!oldest) return;
  const reason = `Compose ${ended.id} was not finished`;
  const reusable = oldest.digest === null ? null : await tx.findReusable(oldest.digest);
  if (reusable) {
    for (const reuser of [oldest, ...others]) await followReused(deps, tx, reuser, reusable, reason);
    return;
  }
  const event = { type: 'TAKE_OVER', at: deps.clock.now() } as const;
  const successor = await changeCompose(tx, oldest, { event, by: 'system', reason }, deps.rules);
  if (!successor) return;
  await tx.enqueue(successor, 'generate');
  for (const reuser of others) await followReused(deps, tx, reuser, successor, reason);
}
