// The feed: one reader of the event log for all followers in this process. It listens first, reads from its position, and
// reads again after every notification, every reconnect and every second. A notification carries no data, so that a lost
// one delays events by a second at most.

import type { ComposeStore, EventLog, Feed, FeedSignal, Logger, ProgressStore } from '../app/ports.ts';
import { READ_ALL, type ReadPolicy } from '../compose/read-policy.ts';
import { settleWithin } from '../concurrency/settle-within.ts';
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
  /** The interval of reads without a notification. Default: 1,000. */
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
  readonly #followersOfAll = new Set<Follower>();
  readonly #followersOfOne = new Map<string, Set<Follower>>();
  #recent = new RecentEvents(0n);
  #hasPosition = false;
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

  /** The number of followers. */
  get followers(): number {
    return [...this.#followersOfOne.values()].reduce((sum, { size }) => sum + size, this.#followersOfAll.size);
  }

  get #isFollowed(): boolean {
    return this.#followersOfAll.size > 0 || this.#followersOfOne.size > 0;
  }

  async start(): Promise<void> {
    if (this.#poll) return;
    this.#poll = setInterval(() => this.#wake(), this.#options.pollMs ?? POLL_MS);
    try {
      // The first read happens once it listens: every later event notifies it.
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
    const ofOne = [...this.#followersOfOne.values()].flatMap((set) => [...set]);
    for (const follower of [...this.#followersOfAll, ...ofOne]) follower.end();
    await settleWithin(STOP_LIMIT_MS, this.#reading);
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
    this.#reading ??= this.#readUntilIdle().finally(() => {
      this.#reading = null;
      if (this.#readAgain && this.#poll) this.#wake();
    });
  }

  async #readUntilIdle(): Promise<void> {
    try {
      while (this.#readAgain && this.#poll) {
        this.#readAgain = false;
        if (!this.#hasPosition || !this.#isFollowed) await this.#skipToHead();
        if (this.#isFollowed) {
          await this.#readEvents();
          await this.#readProgress();
        }
        this.#caughtUp = true;
      }
    } catch (error) {
      this.#caughtUp = false;
      this.#readAgain = false;
      this.#options.logger.warn({ err: error }, 'Events could not be read; the next read tries again');
    }
  }

  /** Without followers events are not read. A new follower reads earlier ones from the log. */
  async #skipToHead(): Promise<void> {
    const head = await this.#options.log.head();
    // A follower that came meanwhile waits for the events after the former position.
    if (this.#hasPosition && this.#isFollowed) return;
    this.#recent = new RecentEvents(head);
    this.#hasPosition = true;
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
      // Progress of an attempt that has ended is out of date.
      if (!progress || !compose || compose.state !== 'GENERATING' || compose.attempt !== progress.attempt) return;
      const signal = { compose: Object.freeze(compose), progress: Object.freeze(progress), position: this.#recent.end };
      for (const follower of this.#followersOf(id)) follower.offerProgress(signal);
    });
  }

  #followersOf(composeId: string): readonly Follower[] {
    return [...this.#followersOfAll, ...(this.#followersOfOne.get(composeId) ?? [])];
  }

  #add(follower: Follower): void {
    const { composeId } = follower.options;
    if (composeId === undefined) {
      this.#followersOfAll.add(follower);
      return;
    }
    const others = this.#followersOfOne.get(composeId) ?? new Set();
    this.#followersOfOne.set(composeId, others.add(follower));
  }

  #remove(follower: Follower): void {
    const { composeId } = follower.options;
    this.#followersOfAll.delete(follower);
    if (composeId === undefined) return;
    const others = this.#followersOfOne.get(composeId);
    others?.delete(follower);
    if (others?.size === 0) this.#followersOfOne.delete(composeId);
  }
}
