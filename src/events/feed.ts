// What happens to all composes, for all who want to know in this process, through one reader: it listens first, reads on
// from its cursor, and reads again after every wake-up, every reconnect and every second. A NOTIFY is a wake-up and no
// more, so a lost one costs a second at worst, and never an event.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ComposeStore, EventLog, Feed, FeedSignal, Logger, ProgressStore } from '../app/ports.ts';
import { READ_ALL, type ReadPolicy } from '../compose/read-policy.ts';
import { Follower, type FollowOptions } from './follower.ts';
import { Listener } from './listener.ts';
import { ProgressPacer } from './progress-pacer.ts';
import { RecentEvents } from './recent-events.ts';

export interface EventFeedOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly log: EventLog;
  readonly progress: Pick<ProgressStore, 'findMany'>;
  readonly composes: Pick<ComposeStore, 'findMany'>;
  /** How often it reads without being woken. */
  readonly pollMs?: number;
}

const EVENTS = 'compose_event';
const PROGRESS = 'compose_progress';
const POLL_MS = 1_000;
const PAGE = 500;
const STOP_LIMIT_MS = 2_000;

export class EventFeed implements Feed {
  readonly #options: EventFeedOptions;
  readonly #listener: Listener;
  readonly #pacer: ProgressPacer;
  readonly #dueProgress = new Set<string>();
  /** Followers of everything, and of one compose each. */
  readonly #wide = new Set<Follower>();
  readonly #narrow = new Map<string, Set<Follower>>();
  #recent = new RecentEvents(0n);
  #hasCursor = false;
  #poll: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #readAgain = false;
  #caughtUp = false;

  constructor(options: EventFeedOptions) {
    this.#options = options;
    this.#pacer = new ProgressPacer((composeId) => {
      this.#dueProgress.add(composeId);
      this.#wake();
    });
    this.#listener = new Listener({
      url: options.url,
      logger: options.logger,
      channels: [EVENTS, PROGRESS],
      onListening: () => this.#wake(),
      onNotification: (channel, payload) => {
        if (channel === EVENTS) this.#wake();
        else if (this.#followersOf(payload).some(({ options }) => options.progress)) this.#pacer.notice(payload);
      },
    });
  }

  get ready(): boolean {
    return this.#poll !== null && this.#listener.listening && this.#caughtUp;
  }

  /** How many follow: for metrics, and for tests that nobody is left. */
  get followers(): number {
    return [...this.#narrow.values()].reduce((sum, { size }) => sum + size, this.#wide.size);
  }

  get #isFollowed(): boolean {
    return this.#wide.size > 0 || this.#narrow.size > 0;
  }

  async start(): Promise<void> {
    if (this.#poll) return;
    this.#poll = setInterval(() => this.#wake(), this.#options.pollMs ?? POLL_MS);
    try {
      // Not before it listens could it skip what is there: anything later wakes it.
      await this.#listener.start();
      await this.#reading;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#poll) clearInterval(this.#poll);
    this.#poll = null;
    this.#pacer.clear();
    await this.#listener.stop();
    for (const follower of [...this.#wide, ...[...this.#narrow.values()].flatMap((set) => [...set])]) follower.end();
    await Promise.race([this.#reading, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
  }

  follow(options: Omit<FollowOptions, 'policy'>, policy: ReadPolicy): AsyncIterableIterator<FeedSignal> {
    const follower = new Follower(
      { ...options, policy },
      {
        log: this.#options.log,
        recent: () => this.#recent,
        onEnd: (ended) => this.#remove(ended),
      },
    );
    if (!options.signal.aborted) this.#add(follower);
    return follower;
  }

  #wake(): void {
    this.#readAgain = true;
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = null;
      if (this.#readAgain && this.#poll) this.#wake();
    });
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#readAgain && this.#poll) {
        this.#readAgain = false;
        if (!this.#hasCursor || !this.#isFollowed) await this.#skipAhead();
        if (this.#isFollowed) {
          await this.#readEvents();
          await this.#readProgress();
        }
        this.#caughtUp = true;
      }
    } catch (error) {
      this.#caughtUp = false;
      this.#readAgain = false;
      this.#options.logger.warn({ err: error }, 'Events could not be read; trying again');
    }
  }

  /** What nobody follows need not be read; whoever comes and asks for it reads it from the log. */
  async #skipAhead(): Promise<void> {
    const head = await this.#options.log.head();
    // Who came meanwhile waits for what is after the old place.
    if (this.#hasCursor && this.#isFollowed) return;
    this.#recent = new RecentEvents(head);
    this.#hasCursor = true;
  }

  async #readEvents(): Promise<void> {
    for (;;) {
      const items = await this.#options.log.read({ after: this.#recent.end, limit: PAGE }, READ_ALL);
      for (const item of items) {
        this.#recent.push(item);
        for (const follower of this.#followersOf(item.compose.id)) follower.offer(item);
      }
      if (items.length < PAGE) return;
    }
  }

  async #readProgress(): Promise<void> {
    if (this.#dueProgress.size === 0) return;
    const ids = [...this.#dueProgress];
    this.#dueProgress.clear();
    const [rows, composes] = await Promise.all([
      this.#options.progress.findMany(ids, READ_ALL),
      this.#options.composes.findMany(ids, READ_ALL),
    ]);
    ids.forEach((id, index) => {
      const progress = rows[index];
      const compose = composes[index];
      // Of an attempt that is over there is nothing to tell.
      if (!progress || !compose || compose.state !== 'GENERATING' || compose.attempt !== progress.attempt) return;
      const signal = { compose: Object.freeze(compose), progress: Object.freeze(progress), position: this.#recent.end };
      for (const follower of this.#followersOf(id)) follower.offerProgress(signal);
    });
  }

  #followersOf(composeId: string): readonly Follower[] {
    const narrow = this.#narrow.get(composeId);
    return narrow ? [...this.#wide, ...narrow] : [...this.#wide];
  }

  #add(follower: Follower): void {
    const { composeId } = follower.options;
    if (composeId === undefined) {
      this.#wide.add(follower);
      return;
    }
    const narrow = this.#narrow.get(composeId) ?? new Set();
    this.#narrow.set(composeId, narrow.add(follower));
  }

  #remove(follower: Follower): void {
    const { composeId } = follower.options;
    this.#wide.delete(follower);
    if (composeId === undefined) return;
    const narrow = this.#narrow.get(composeId);
    narrow?.delete(follower);
    if (narrow?.size === 0) this.#narrow.delete(composeId);
  }
}
