// Cancels a compose that waits or is being generated. What was asked for, by whom and why, is stored before anything
// is killed; the worker learns of it from the feed, and publishing refuses from here on.

import type { Compose } from '../compose/compose.ts';
import { denyChange } from '../compose/permissions.ts';
import { badInput, granted, refused, type Outcome, type Refusal } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { isReadable, READ_ALL } from '../compose/read-policy.ts';
import { resolveReusers } from './resolve-reusers.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import type { Clock, ComposeStore, ComposeTransaction, EventLog, Feed } from './ports.ts';

export interface CancelComposeDeps {
  readonly store: ComposeStore;
  readonly events: EventLog;
  readonly feed: Pick<Feed, 'follow'>;
  readonly clock: Clock;
  readonly rules: ChangeRules;
  /** How long to wait for the engine to be gone before answering all the same. */
  readonly patienceMs: number;
}

const MAX_REASON = 1_000;

export interface ChangeRequest {
  readonly id: string;
  readonly reason: string | null;
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
  if (!outcome.ok || outcome.value.state !== 'GENERATING') {
    // One that shares must not wait for the sweep to learn that its root will not come.
    if (outcome.ok) await resolveReusers(deps, request.id);
    return outcome;
  }
  await untilItLeavesGenerating(deps, request.id, before);
  return granted((await deps.store.find(request.id, viewer.mayRead)) ?? outcome.value);
}

/** Kept in the row, in the failure and in events: a sentence, not a document. */
export function refuseReason({ reason }: ChangeRequest): { readonly ok: false; readonly refusal: Refusal } | null {
  if (reason === null || reason.length <= MAX_REASON) return null;
  return badInput({ path: 'input.reason', message: `must be at most ${MAX_REASON} characters` });
}

async function requestCancel(
  deps: CancelComposeDeps,
  tx: ComposeTransaction,
  viewer: Viewer,
  { id, reason }: ChangeRequest,
): Promise<Outcome<Compose>> {
  const compose = await tx.lock(id);
  if (!compose || !isReadable(compose, viewer.mayRead))
    return refused({ code: 'NOT_FOUND', message: `There is no compose ${id}` });
  const denied = denyChange(viewer, compose, 'cancel');
  if (denied) return denied;
  // A client that repeats itself gets what it asked for.
  const alreadyAsked = compose.state === 'GENERATING' && compose.cancelRequestedAt !== null;
  if (alreadyAsked || compose.failure?.code === 'CANCELED') return granted(compose);
  const event = { type: 'REQUEST_CANCEL', at: deps.clock.now(), by: viewer.name, reason } as const;
  const changed = await changeCompose(tx, compose, { event, by: viewer.name, reason }, deps.rules);
  if (changed) return granted(changed);
  return refused({
    code: 'CONFLICT',
    message: `Compose ${id} is ${compose.state}; only WAIT and GENERATING can be canceled`,
  });
}

async function untilItLeavesGenerating(deps: CancelComposeDeps, id: string, after: bigint): Promise<void> {
  const signal = AbortSignal.timeout(deps.patienceMs);
  for await (const { compose } of deps.feed.follow({ after, composeId: id, progress: false, signal }, READ_ALL)) {
    if (compose.state !== 'GENERATING' && compose.cancelRequestedAt !== null) return;
  }
}
