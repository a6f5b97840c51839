// Batches the reads that the items of a page cause: one query for all of them. Created for each operation.

import DataLoader from 'dataloader';
import type { Api } from '../app/api.ts';
import type { ComposeProgress, FeedItem, PackageRecord, PackagesQuery, Page } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { Pin } from '../compose/pin.ts';
import type { Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';

export interface Loaders {
  readonly composes: DataLoader<string, Compose | null>;
  /** The compose that generates the result of a compose: the one that it shares, or itself. */
  readonly generators: DataLoader<Compose, Compose, string>;
  readonly progress: DataLoader<string, ComposeProgress | null>;
  readonly queuePositions: DataLoader<string, number | null>;
  readonly events: DataLoader<EventsKey, readonly FeedItem[], string>;
  /** Positions of event cursors. */
  readonly positions: DataLoader<string, Outcome<bigint>>;
  readonly packages: DataLoader<PackagesKey, Page<PackageRecord>, string>;
  readonly packageCounts: DataLoader<PackageCountKey, number, string>;
  readonly pins: DataLoader<string, readonly Pin[]>;
}

interface EventsKey {
  readonly composeId: string;
  readonly after: bigint;
  readonly limit: number;
}

interface PackagesKey extends PackagesQuery {
  readonly composeId: string;
}

type PackageCountKey = Pick<PackagesKey, 'composeId' | 'nameContains'>;

export function createLoaders(api: Api, viewer: Viewer, options: { readonly cache: boolean }): Loaders {
  return {
    composes: new DataLoader((ids) => api.composes(viewer, ids), options),
    generators: new DataLoader((composes) => api.generators(viewer, composes), {
      ...options,
      cacheKeyFn: ({ id }) => id,
    }),
    progress: new DataLoader((ids) => api.progress(viewer, ids), options),
    queuePositions: new DataLoader((ids) => api.queuePositions(viewer, ids), options),
    events: grouped(({ after, limit }, composeIds) => api.eventsOfEach(viewer, { composeIds, after, limit })),
    positions: new DataLoader((cursors) => Promise.all(cursors.map((cursor) => api.position(cursor)))),
    packages: grouped(({ composeId: _, ...query }, composeIds) => api.packages(viewer, composeIds, query)),
    packageCounts: grouped(({ nameContains }, composeIds) => api.packageCounts(viewer, composeIds, nameContains)),
    pins: new DataLoader((ids) => api.pins(viewer, ids), options),
  };
}

/** One query for all composes with the same question; another question is another query. */
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
          const ids = group.map(({ composeId }) => composeId);
          const values = question ? await read(question, ids) : [];
          group.forEach((key, index) => answers.set(key, values[index] as Value));
        }),
      );
      return keys.map((key) => answers.get(key) as Value);
    },
    { cacheKeyFn: text, cache: false },
  );
}
