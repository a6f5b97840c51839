// The part of the façade that reads events.

import { badInput, granted, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import type { EventCursors } from './event-cursor.ts';
import type { EventLog, Feed, FeedItem } from './ports.ts';
import { storedEvents } from './stored-events.ts';

type EventQuery = Parameters<EventLog['read']>[0];

export interface EventReads {
  cursor(position: bigint): string;
  /** The position of a cursor from which a client can continue. */
  position(cursor: string): Promise<Outcome<bigint>>;
  /** The position of the last event. */
  head(): Promise<bigint>;
  events(viewer: Viewer, query: EventQuery): Promise<readonly FeedItem[]>;
  eventsOfEach(viewer: Viewer, query: Parameters<EventLog['readEach']>[0]): Promise<readonly (readonly FeedItem[])[]>;
  /** All stored events that match, read page by page. */
  storedEvents(viewer: Viewer, query: Omit<EventQuery, 'limit'>): AsyncGenerator<FeedItem, void>;
  follow(viewer: Viewer, options: Parameters<Feed['follow']>[0]): ReturnType<Feed['follow']>;
}

export interface EventReadsDeps {
  readonly events: EventLog;
  readonly feed: Pick<Feed, 'follow'>;
  readonly cursors: EventCursors;
}

export function eventReads({ events, feed, cursors }: EventReadsDeps): EventReads {
  return {
    cursor: (position) => cursors.encode(position),
    async position(cursor) {
      const position = cursors.decode(cursor);
      if (position === null)
        return badInput({ path: 'after', message: 'is not a cursor of this event stream; begin without it' });
      // After a restore from a backup, new events would be missed until the stream reaches the position again.
      if (position > (await events.head()))
        return badInput({
          path: 'after',
          message: 'is ahead of the event stream, because the database was restored from a backup; begin without it',
        });
      return granted(position);
    },
    head: () => events.head(),
    events: (viewer, query) => events.read(query, viewer.mayRead),
    eventsOfEach: (viewer, query) => events.readEach(query, viewer.mayRead),
    storedEvents: (viewer, query) => storedEvents(events, query, viewer.mayRead),
    follow: (viewer, options) => feed.follow(options, viewer.mayRead),
  };
}
