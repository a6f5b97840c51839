// The latest events without a gap, shared by all followers of this process, so that they are read from the database once.
// Bounded by weight, because a compose may name thousands of packages.

import type { FeedItem } from '../app/ports.ts';

const MAX_WEIGHT = 50_000;
/** The weight of an event without lists. */
const BASE_WEIGHT = 50;

export class RecentEvents {
  #items: FeedItem[] = [];
  #weight = 0;
  /** All events after this position and up to `end` are stored. */
  #start: bigint;
  #end: bigint;
  readonly #limit: number;

  constructor(position: bigint, limit = MAX_WEIGHT) {
    this.#start = position;
    this.#end = position;
    this.#limit = limit;
  }

  get end(): bigint {
    return this.#end;
  }

  reaches(position: bigint): boolean {
    return position >= this.#start;
  }

  push(item: FeedItem): void {
    this.#items.push(item);
    this.#end = item.event.position;
    this.#weight += weightOf(item);
    if (this.#weight > this.#limit * 2) this.#evict();
  }

  /** The first event after `position` that matches. */
  find(position: bigint, matches: (item: FeedItem) => boolean): FeedItem | null {
    for (let index = this.#indexAfter(position); index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item && matches(item)) return item;
    }
    return null;
  }

  #indexAfter(position: bigint): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.#items[middle];
      if (item && item.event.position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Evicts half at a time, so that the cost for each event is small. */
  #evict(): void {
    let index = 0;
    for (; this.#weight > this.#limit && index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (!item) break;
      this.#weight -= weightOf(item);
      this.#start = item.event.position;
    }
    this.#items = this.#items.slice(index);
  }
}

function weightOf({ compose }: FeedItem): number {
  const lists = Object.values(compose.source).filter((value) => Array.isArray(value));
  return lists.reduce((sum, list) => sum + list.length, BASE_WEIGHT);
}
