// The log of events, and the feed that delivers new ones.

import type { Compose, ComposeEvent } from '../../compose/compose.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { ComposeFilter } from './composes.ts';
import type { Service } from './platform.ts';
import type { ComposeProgress } from './progress.ts';

export interface EventLog {
  /** The position of the last event. */
  head(): Promise<bigint>;
  /** Events in the order of their commits, `limit` at most: of one compose, of composes that match a filter, or of all. */
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

/** An event, and its compose with the fields of the event's snapshot. Frozen, because all subscribers share the object. */
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

/** Delivers events to subscribers. A process has one feed, which reads the log once for all of them. */
export interface Feed extends Service {
  /**
   * Every event after the position `after`, once, in the order of the commits, then new ones as they happen. A follower
   * that is too slow reads the log from its own position. Ends when `signal` aborts.
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
  /** Connected, and all events are read; part of /readyz. */
  readonly ready: boolean;
}
