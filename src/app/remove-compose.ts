// Removes the files of a finished compose on request, before the compose expires.

import type { Compose } from '../compose/compose.ts';
import { denyChange } from '../compose/permissions.ts';
import { granted, refused, type Outcome } from '../compose/refusal.ts';
import { isReadable } from '../compose/read-policy.ts';
import type { Viewer } from '../compose/viewer.ts';
import { refuseReason, type ChangeRequest } from './cancel-compose.ts';
import type { ComposeTransaction } from './ports.ts';
import { beginRemoval, finishRemoval, isLatest, type RemovalDeps } from './removal.ts';

export async function removeCompose(
  deps: RemovalDeps,
  viewer: Viewer,
  request: ChangeRequest,
): Promise<Outcome<Compose>> {
  const tooLong = refuseReason(request);
  if (tooLong) return tooLong;
  const begun = await deps.store.transaction((tx) => begin(deps, tx, viewer, request));
  if (!begun.ok || begun.value.state === 'REMOVED') return begun;
  return granted(await finishRemoval(deps, begun.value));
}

async function begin(
  { results, clock, rules }: RemovalDeps,
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
  if (await isLatest(results, compose))
    return conflict(
      `Compose ${id} is the latest of its kind: a latest-* link points to it. It can be removed once a newer compose has replaced it.`,
    );
  const removal = await beginRemoval(tx, compose, { at: clock.now(), by: viewer.name, reason }, rules);
  if (!removal) return conflict(`Compose ${id} is ${compose.state} and has no results to remove. Cancel it instead.`);
  if ('pinnedBy' in removal)
    return conflict(`Compose ${id} is kept by the pin ${JSON.stringify(removal.pinnedBy)}. Unpin it first.`);
  return granted(removal.begun);
}

function conflict(message: string): Outcome<never> {
  return refused({ code: 'CONFLICT', message });
}
