// One reader of the feed. It holds a position and no events: live ones are handed to it while it waits, what it was too
// slow for it finds among the recent ones, and what is no longer there it reads from the log. So a slow follower costs no
// memory, and none sees a gap or an event twice. One consumer, one `next` at a time.

import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, FeedItem, FeedProgress, FeedSignal } from '../app/ports.ts';
import { wantsEvent, wantsProgress, type Interest } from './interest.ts';
import type { RecentEvents } from './recent-events.ts';

const PAGE = 256;
/** Of how many composes progress is kept for a follower that does not come for it. */
const PROGRESS_KEPT = 256;
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
  /** Everything up to here was handed out or is not wanted. */
  #position: bigint;
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
      if (ready) return { done: false, value: this.#handOut(ready) };
      if (!this.#context.recent().reaches(this.#position)) {
        await this.#readLog();
        continue;
      }
      const [progress] = this.#progress.values();
      if (progress) return { done: false, value: this.#handOutProgress(progress) };
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

  /** A live event; one that does not wait finds it among the recent ones. */
  offer(item: FeedItem): void {
    if (!this.#waiting || item.event.position <= this.#position || !wantsEvent(this.options, item)) return;
    this.#resolve(this.#handOut(item));
  }

  offerProgress(progress: FeedProgress): void {
    if (!this.options.progress || !wantsProgress(this.options, progress.compose)) return;
    if (this.#waiting) {
      // While it waits, every event up to now was offered to it.
      if (progress.position > this.#position) this.#position = progress.position;
      this.#resolve({ type: 'progress', ...progress });
    } else if (this.#progress.size < PROGRESS_KEPT || this.#progress.has(progress.compose.id)) {
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

  #handOut(item: FeedItem): FeedSignal {
    if (item.event.position > this.#position) this.#position = item.event.position;
    // What is known of its progress is older than this.
    this.#progress.delete(item.compose.id);
    return { type: 'event', ...item };
  }

  #handOutProgress(progress: FeedProgress): FeedSignal {
    this.#progress.delete(progress.compose.id);
    return { type: 'progress', ...progress };
  }

  #fromRecent(): FeedItem | null {
    const recent = this.#context.recent();
    if (!recent.reaches(this.#position)) return null;
    const found = recent.find(this.#position, (item) => wantsEvent(this.options, item));
    if (!found && recent.end > this.#position) this.#position = recent.end;
    return found;
  }

  async #readLog(): Promise<void> {
    const { composeId, filter, policy } = this.options;
    // What was dispatched before the read is visible to it.
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
      // The database is away; the feed says so in the log. A follower outlives that.
      await sleep(RETRY_MS, undefined, { signal: this.options.signal }).catch(() => {});
    }
  }
}
