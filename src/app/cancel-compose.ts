// Cancels a compose in WAIT or GENERATING. The request is stored first: from then on publishing is refused, and the
// worker learns of it from the feed and stops the engine.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { granted, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { lockChangeable, refuseReason, type ChangeRequest } from './change-request.ts';
import type { Clock, ComposeStore, ComposeTransaction, EventLog, Feed } from './ports.ts';
import { conflict } from './refusals.ts';
import { resolveReusers } from './resolve-reusers.ts';

export interface CancelComposeDeps {
  readonly store: ComposeStore;
  readonly events: EventLog;
  readonly feed: Pick<Feed, 'follow'>;
  readonly clock: Clock;
  readonly rules: ChangeRules;
  /** The longest wait for the engine to end; after it the answer is the compose, still GENERATING. */
  readonly maxStopWaitMs: number;
}

export async function cancelCompose(
  deps: CancelComposeDeps,
  viewer: Viewer,
  request: ChangeRequest,
): Promise<Outcome<Compose>> {
  const tooLong = refuseReason(request);
  if (tooLong) return tooLong;
  const before = await deps.events.head();
  const outcome = await deps.store.transaction((tx) => requestCancel(deps, tx, viewer, request));
  if (!outcome.ok) return outcome;
  if (outcome.value.state !== 'GENERATING') {
    // A successor need not wait for the chore.
    await resolveReusers(deps, request.id);
    return outcome;
  }
  await waitForStop(deps, request.id, before);
  return granted((await deps.store.find(request.id, viewer.mayRead)) ?? outcome.value);
}

async function requestCancel(
  deps: CancelComposeDeps,
  tx: ComposeTransaction,
  viewer: Viewer,
  { id, reason }: ChangeRequest,
): Promise<Outcome<Compose>> {
  const found = await lockChangeable(tx, viewer, id, 'cancel');
  if (!found.ok) return found;
  const compose = found.value;
  // A repeated request succeeds.
  const isRequested = compose.state === 'GENERATING' && compose.cancelRequestedAt !== null;
  if (isRequested || compose.failure?.code === 'CANCELED') return found;
  const event = { type: 'REQUEST_CANCEL', at: deps.clock.now(), by: viewer.name, reason } as const;
  const changed = await changeCompose(tx, compose, { event, by: viewer.name, reason }, deps.rules);
  if (changed) return granted(changed);
  return conflict(
    `Compose ${id} is ${compose.state} and cannot be canceled: only composes in WAIT or GENERATING can. To delete the results of a finished compose, remove it.`,
  );
}

async function waitForStop(deps: CancelComposeDeps, id: string, after: bigint): Promise<void> {
  const signal = AbortSignal.timeout(deps.maxStopWaitMs);
  for await (const { compose } of deps.feed.follow({ after, composeId: id, progress: false, signal }, READ_ALL)) {
    if (compose.state !== 'GENERATING' && compose.cancelRequestedAt !== null) return;
  }
}
