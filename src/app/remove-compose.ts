// Removes the files of a finished compose on request, before the compose expires.

import type { Compose } from '../compose/compose.ts';
import { granted, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { lockChangeable, refuseReason, type ChangeRequest } from './change-request.ts';
import type { ComposeTransaction } from './ports.ts';
import { conflict } from './refusals.ts';
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
  const found = await lockChangeable(tx, viewer, id, 'remove');
  if (!found.ok) return found;
  const compose = found.value;
  // A repeated request succeeds.
  if (compose.removingAt !== null) return found;
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
