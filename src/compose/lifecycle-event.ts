// What can happen to a compose. Each event comes from a client, a worker or a chore, and the lifecycle machine accepts or
// refuses it.

import type { ComposeFailure } from './failure.ts';

/** Why an attempt ended without a known outcome. */
export type LossCause = 'WORKER' | 'DATABASE' | 'FILES';

interface At {
  readonly at: Date;
}

export type LifecycleEvent =
  /** A worker begins an attempt. */
  | (At & { readonly type: 'BEGIN'; readonly workerId: string })
  /** The compose reuses the result of the compose `reused`, which is DONE or GENERATING. */
  | (At & { readonly type: 'SHARE'; readonly reused: string })
  /** The reused compose will have no result, so this reuser is generated itself. */
  | (At & { readonly type: 'TAKE_OVER' })
  /** The reused compose will have no result, so this reuser reuses its successor. */
  | (At & { readonly type: 'FOLLOW'; readonly reused: string })
  /** The worker of the attempt is lost, or cannot store the outcome of the attempt. */
  | (At & { readonly type: 'LOSE'; readonly attempt: number; readonly lost: LossCause })
  /** The worker of the attempt is stopped and returns the compose. This does not count as a loss. */
  | (At & { readonly type: 'HAND_BACK'; readonly attempt: number })
  | (At & { readonly type: 'REQUEST_CANCEL'; readonly by: string; readonly reason: string | null })
  /** All processes of a cancelled attempt have ended. */
  | (At & { readonly type: 'CANCELED'; readonly attempt: number })
  | (At & { readonly type: 'SUCCEED'; readonly attempt: number })
  | (At & { readonly type: 'FAIL'; readonly attempt: number; readonly failure: ComposeFailure })
  /** No worker began an attempt in time. */
  | (At & { readonly type: 'GIVE_UP' })
  | (At & { readonly type: 'EXTEND'; readonly expiresAt: Date })
  /** Pins change nothing in the lifecycle; the machine only decides when they are allowed. */
  | (At & { readonly type: 'PIN' })
  | (At & { readonly type: 'UNPIN' })
  /** From here on the compose cannot be reused, renewed or pinned; its files are deleted next. */
  | (At & { readonly type: 'BEGIN_REMOVAL'; readonly by: string; readonly reason: string | null })
  | (At & { readonly type: 'REMOVED' });

export type EventOf<Type extends LifecycleEvent['type']> = Extract<LifecycleEvent, { readonly type: Type }>;
