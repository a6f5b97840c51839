// What happens, as it happens.

import type { Compose, ComposeEvent } from '../../compose/compose.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { ComposeFilter } from './composes.ts';
import type { Service } from './platform.ts';
import type { ComposeProgress } from './progress.ts';

export interface EventLog {
  /** Position of the last event that is visible to readers. */
  head(): Promise<bigint>;
  /** In commit order, `limit` at most. For one compose by `composeId`, for those a filter lets through by `filter`. */
  read(
    query: {
      readonly after: bigint;
      readonly limit: number;
      readonly composeId?: string;
      readonly filter?: ComposeFilter;
    },
    policy: ReadPolicy,
  ): Promise<readonly FeedItem[]>;
  /** The same for each of several composes, in the order of `composeIds`. */
  readEach(
    query: { readonly composeIds: readonly string[]; readonly after: bigint; readonly limit: number },
    policy: ReadPolicy,
  ): Promise<readonly (readonly FeedItem[])[]>;
}

/** An event and its compose, the event's snapshot laid over it. Frozen: all subscribers share one object. */
export interface FeedItem {
  readonly event: ComposeEvent;
  readonly compose: Compose;
}

export interface FeedProgress {
  readonly compose: Compose;
  readonly progress: ComposeProgress;
  readonly position: bigint;
}

export type FeedSignal = ({ readonly type: 'event' } & FeedItem) | ({ readonly type: 'progress' } & FeedProgress);

/** What happens, as it happens, to all composes, through one reader per process. */
export interface Feed extends Service {
  /**
   * Every event after `after` in commit order, none missing, none twice, then live ones. A follower that is too slow
   * falls back to reading the log from its own position. Ends when `signal` aborts.
   */
  follow(
    options: {
      readonly after: bigint;
      readonly composeId?: string;
      readonly filter?: ComposeFilter;
      readonly progress: boolean;
      readonly signal: AbortSignal;
    },
    policy: ReadPolicy,
  ): AsyncIterableIterator<FeedSignal>;
  /** Connected and caught up: part of /readyz. */
  readonly ready: boolean;
}
