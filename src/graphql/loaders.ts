// Look-ups that a list fans out to, each one query for all rows of a page. Made anew for each operation.

import DataLoader from 'dataloader';
import type { ComposeProgress } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { sourceKey } from '../compose/source.ts';
import type { Api } from './api.ts';

export interface Loaders {
  readonly composes: DataLoader<string, Compose | null>;
  readonly progress: DataLoader<string, ComposeProgress | null>;
  readonly queuePositions: DataLoader<string, number | null>;
  readonly durations: DataLoader<Compose, number | null, string>;
}

const LIKE = 9;

export function createLoaders(api: Api, options: { readonly cache: boolean }): Loaders {
  return {
    composes: new DataLoader((ids) => api.store.findMany(ids), options),
    progress: new DataLoader((ids) => api.progress.findMany(ids), options),
    queuePositions: new DataLoader((ids) => api.store.queuePositions(ids), options),
    durations: new DataLoader((composes) => Promise.all(composes.map((compose) => usualDuration(api, compose))), {
      cacheKeyFn: (compose) => `${compose.source.type} ${sourceKey(compose.source)}`,
    }),
  };
}

/** The median of the times, in ms, that the latest composes of the same source took to generate. */
async function usualDuration(api: Api, compose: Compose): Promise<number | null> {
  const { items } = await api.store.page({
    filter: { sourceTypes: [compose.source.type], source: sourceKey(compose.source), states: ['DONE'] },
    orderBy: { field: 'ID', direction: 'DESC' },
    limit: LIKE,
    backwards: false,
  });
  const times = items
    .flatMap(({ reuses, startedAt, doneAt }) => (reuses === null && startedAt && doneAt ? [doneAt.getTime() - startedAt.getTime()] : []))
    .sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? null;
}
