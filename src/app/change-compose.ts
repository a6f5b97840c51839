// How every change happens: the row is locked, the machine asked, row and event saved together. Whoever calls acts on
// the outcome only after the transaction, except publishing, which needs the lock while it renames.

import type { Compose, Lifecycle } from '../compose/compose.ts';
import { advance, type LifecycleEvent } from '../compose/machine.ts';
import type { ChangeNote, ComposePatch, ComposeTransaction } from './ports.ts';

export interface ChangeRules {
  readonly maxLosses: number;
}

export interface Change {
  readonly event: LifecycleEvent;
  readonly by: string;
  readonly reason?: string | null;
  readonly patch?: ComposePatch;
  /** Runs between the machine's yes and the save, under the row lock. */
  readonly meanwhile?: (next: Lifecycle) => Promise<void>;
}

/** The compose after the change, or null where the machine refuses it; `compose` was locked in this transaction. */
export async function changeCompose(
  tx: ComposeTransaction,
  compose: Compose,
  change: Change,
  rules: ChangeRules,
): Promise<Compose | null> {
  const next = advance(compose, change.event, rules);
  if (!next) return null;
  await change.meanwhile?.(next);
  return tx.save(compose, next, noteOf(change, next.state !== compose.state), change.patch);
}

function noteOf({ event, by, reason = null }: Change, stateChanged: boolean): ChangeNote | null {
  const note = { at: event.at, by, reason };
  if (stateChanged) return { ...note, kind: 'STATE_CHANGED' };
  switch (event.type) {
    case 'EXTEND':
      return { ...note, kind: 'RENEWED' };
    case 'PIN':
      return { ...note, kind: 'PINNED' };
    case 'UNPIN':
      return { ...note, kind: 'UNPINNED' };
    case 'REQUEST_CANCEL':
      return { ...note, kind: 'CANCEL_REQUESTED' };
    case 'FOLLOW':
      return { ...note, kind: 'SHARING_CHANGED' };
    case 'BEGIN_REMOVAL':
      // REMOVED follows and tells of both.
      return null;
    default:
      throw new Error(`Nobody would be told of ${event.type}`);
  }
}
