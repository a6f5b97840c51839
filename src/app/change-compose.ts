// Changes a compose: asks the lifecycle machine and saves the row together with its event. The caller holds the row lock,
// and acts on the result after the commit; only publishing acts before it, because it must rename under the lock.

import type { Compose, Lifecycle } from '../compose/compose.ts';
import type { LifecycleEvent } from '../compose/lifecycle-event.ts';
import { advance } from '../compose/machine.ts';
import type { ChangeNote, ComposePatch, ComposeTransaction } from './ports.ts';

export interface ChangeRules {
  /** The number of lost workers at which a compose fails. */
  readonly maxLosses: number;
}

export interface Change {
  readonly event: LifecycleEvent;
  readonly by: string;
  readonly reason?: string | null;
  readonly patch?: ComposePatch;
  /** Runs under the row lock, after the machine has accepted the event and before the row is saved. */
  readonly meanwhile?: (next: Lifecycle) => Promise<void>;
}

/** The changed compose; null if the lifecycle machine refuses. `compose` must have been locked in this transaction. */
export async function changeCompose(
  tx: ComposeTransaction,
  compose: Compose,
  change: Change,
  rules: ChangeRules,
): Promise<Compose | null> {
  const next = advance(compose, change.event, rules);
  if (!next) return null;
  await change.meanwhile?.(next);
  const { event, by, reason = null, patch } = change;
  const kind = eventKindOf(event, next.state !== compose.state);
  return tx.save(compose, next, { kind, at: event.at, by, reason }, patch);
}

/** The kind of the event that a change of the lifecycle stores. */
function eventKindOf({ type }: LifecycleEvent, stateChanged: boolean): ChangeNote['kind'] {
  if (stateChanged) return 'STATE_CHANGED';
  switch (type) {
    case 'EXTEND':
      return 'RENEWED';
    case 'PIN':
      return 'PINNED';
    case 'UNPIN':
      return 'UNPINNED';
    case 'REQUEST_CANCEL':
      return 'CANCEL_REQUESTED';
    case 'FOLLOW':
      return 'SHARING_CHANGED';
    case 'BEGIN_REMOVAL':
      return 'REMOVAL_BEGUN';
    default:
      throw new Error(`${type} must change the state`);
  }
}
