// Look-ups that a list fans out to, each one query for all rows of a page. Made anew for each operation.

import DataLoader from 'dataloader';
import type { ComposeProgress, FeedItem, PackageRecord, PackagesQuery, Page } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { Pin } from '../compose/pin.ts';
import { READ_ALL, type ReadPolicy } from '../compose/read-policy.ts';
import type { Api } from '../app/api.ts';

export interface Loaders {
  readonly composes: DataLoader<string, Compose | null>;
  /** Composes that readable ones reuse: what they generated is read whoever owns them. */
  readonly reused: DataLoader<string, Compose | null>;
  readonly progress: DataLoader<string, ComposeProgress | null>;
  readonly queuePositions: DataLoader<string, number | null>;
  readonly events: DataLoader<EventsKey, readonly FeedItem[], string>;
  /** Where the event log ends, once for all that compare a cursor with it. */
  readonly head: DataLoader<'all', bigint>;
  readonly packages: DataLoader<PackagesKey, Page<PackageRecord>, string>;
  readonly packageCounts: DataLoader<PackageCountKey, number, string>;
  readonly pins: DataLoader<string, readonly Pin[]>;
}

export interface EventsKey {
  readonly composeId: string;
  readonly after: bigint;
  readonly limit: number;
}

export interface PackagesKey extends PackagesQuery {
  readonly composeId: string;
}

export type PackageCountKey = Pick<PackagesKey, 'composeId' | 'nameContains'>;

export function createLoaders(api: Api, policy: ReadPolicy, options: { readonly cache: boolean }): Loaders {
  const composes = new DataLoader((ids: readonly string[]) => api.store.findMany(ids, policy), options);
  return {
    composes,
    reused: policy.owners === 'ALL' ? composes : new DataLoader((ids) => api.store.findMany(ids, READ_ALL), options),
    progress: new DataLoader((ids) => api.progress.findMany(ids, policy), options),
    queuePositions: new DataLoader((ids) => api.store.queuePositions(ids, policy), options),
    events: grouped(({ after, limit }, composeIds) => api.events.readEach({ composeIds, after, limit }, policy)),
    head: new DataLoader(async (asked) => {
      const head = await api.events.head();
      return asked.map(() => head);
    }, options),
    packages: grouped(({ composeId: _, ...query }, composeIds) => api.packages.pages(composeIds, query, policy)),
    packageCounts: grouped(({ nameContains }, composeIds) => api.packages.counts(composeIds, nameContains, policy)),
    pins: new DataLoader((ids) => api.store.pinsOf(ids, api.clock.now(), policy), options),
  };
}

/** One query for all composes of which the same is asked, whatever else the operation asks of others. */
function grouped<Key extends { readonly composeId: string }, Value>(
  read: (question: Key, composeIds: readonly string[]) => Promise<readonly Value[]>,
): DataLoader<Key, Value, string> {
  const text = (key: Partial<Key>) =>
    JSON.stringify(key, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return new DataLoader<Key, Value, string>(
    async (keys) => {
      const answers = new Map<Key, Value>();
      const groups = Map.groupBy(keys, ({ composeId: _, ...question }) => text(question as unknown as Partial<Key>));
      await Promise.all(
        [...groups.values()].map(async (group) => {
          const [question] = group;
          const values = question
            ? await read(
                question,
                group.map(({ composeId }) => composeId),
              )
            : [];
          group.forEach((key, index) => answers.set(key, values[index] as Value));
        }),
      );
      return keys.map((key) => answers.get(key) as Value);
    },
    { cacheKeyFn: text, cache: false },
  );
}
