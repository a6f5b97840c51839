// A follower of the feed, for one consumer that calls `next` once at a time. It has a position and stores no events: it gets
// new ones while it waits, finds those that it missed among the recent ones, and reads older ones from the log. So a slow
// follower costs no memory, and a follower sees every event once.

import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, FeedItem, FeedProgress, FeedSignal } from '../app/ports.ts';
import { matchesEvent, matchesProgress, type Interest } from './interest.ts';
import type { RecentEvents } from './recent-events.ts';

const PAGE = 256;
/** The number of composes whose progress is stored for a follower that is not waiting. */
const MAX_STORED_PROGRESS = 256;
const RETRY_MS = 250;

export interface FollowerContext {
  readonly log: EventLog;
  readonly recent: () => RecentEvents;
  readonly onEnd: (follower: Follower) => void;
}

export interface FollowOptions extends Interest {
  readonly after: bigint;
  readonly progress: boolean;
  readonly signal: AbortSignal;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class Follower implements AsyncIterableIterator<FeedSignal> {
  readonly options: FollowOptions;
  readonly #context: FollowerContext;
  /** All events up to this position were delivered, or do not match. */
  #position: bigint;
  /** Events from the log that come next. */
  #backlog: FeedItem[] = [];
  readonly #progress = new Map<string, FeedProgress>();
  #waiting: ((result: IteratorResult<FeedSignal>) => void) | null = null;
  #ended = false;

  constructor(options: FollowOptions, context: FollowerContext) {
    this.options = options;
    this.#context = context;
    this.#position = options.after;
    if (options.signal.aborted) this.end();
    else options.signal.addEventListener('abort', this.end, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<FeedSignal>> {
    while (!this.#ended) {
      const ready = this.#backlog.shift() ?? this.#fromRecent();
      if (ready) return { done: false, value: this.#deliver(ready) };
      if (!this.#context.recent().reaches(this.#position)) {
        await this.#readLog();
        continue;
      }
      const [progress] = this.#progress.values();
      if (progress) return { done: false, value: this.#deliverProgress(progress) };
      return new Promise((resolve) => {
        this.#waiting = resolve;
      });
    }
    return DONE;
  }

  async return(): Promise<IteratorResult<FeedSignal>> {
    this.end();
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  /** Delivers a new event if the consumer waits. Otherwise it finds the event among the recent ones. */
  offer(item: FeedItem): void {
    if (!this.#waiting || item.event.position <= this.#position || !matchesEvent(this.options, item)) return;
    this.#resolve(this.#deliver(item));
  }

  offerProgress(progress: FeedProgress): void {
    if (!this.options.progress || !matchesProgress(this.options, progress.compose)) return;
    if (this.#waiting) {
      // A waiting follower was offered every event up to this position.
      if (progress.position > this.#position) this.#position = progress.position;
      this.#resolve({ type: 'progress', ...progress });
    } else if (this.#progress.size < MAX_STORED_PROGRESS || this.#progress.has(progress.compose.id)) {
      this.#progress.set(progress.compose.id, progress);
    }
  }

  readonly end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.options.signal.removeEventListener('abort', this.end);
    this.#backlog = [];
    this.#progress.clear();
    this.#waiting?.(DONE);
    this.#waiting = null;
    this.#context.onEnd(this);
  };

  #resolve(value: FeedSignal): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.({ done: false, value });
  }

  #deliver(item: FeedItem): FeedSignal {
    if (item.event.position > this.#position) this.#position = item.event.position;
    // Stored progress is older than this event.
    this.#progress.delete(item.compose.id);
    return { type: 'event', ...item };
  }

  #deliverProgress(progress: FeedProgress): FeedSignal {
    this.#progress.delete(progress.compose.id);
    return { type: 'progress', ...progress };
  }

  #fromRecent(): FeedItem | null {
    const recent = this.#context.recent();
    if (!recent.reaches(this.#position)) return null;
    const found = recent.find(this.#position, (item) => matchesEvent(this.options, item));
    if (!found && recent.end > this.#position) this.#position = recent.end;
    return found;
  }

  async #readLog(): Promise<void> {
    const { composeId, filter, policy } = this.options;
    // The read sees every event up to this position.
    const visible = this.#context.recent().end;
    try {
      const query = {
        after: this.#position,
        limit: PAGE,
        ...(composeId === undefined ? {} : { composeId }),
        ...(filter === undefined ? {} : { filter }),
      };
      const page = await this.#context.log.read(query, policy);
      if (this.#ended) return;
      this.#backlog = [...page];
      const last = page.at(-1)?.event.position ?? this.#position;
      this.#position = page.length < PAGE && visible > last ? visible : last;
    } catch {
      // The database cannot be reached, which the feed logs; the follower continues afterwards.
      await sleep(RETRY_MS, undefined, { signal: this.options.signal }).catch(() => {});
    }
  }
}
