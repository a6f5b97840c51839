// Looks up several modules, a few at a time, because each may read its answers in a thread.

import pMap from 'p-map';
import type { Answer } from '../../upstreams/answer.ts';
import type { FoundModules } from './module-lookup.ts';

const CONCURRENT_LOOKUPS = 4;

/** All that were found, in the order of `items`; the first failure in that order if there is one. */
export async function lookUpAll<T>(
  items: readonly T[],
  lookUp: (item: T) => Promise<Answer<FoundModules>>,
): Promise<Answer<FoundModules>> {
  const answers = await pMap(items, lookUp, { concurrency: CONCURRENT_LOOKUPS });
  const found: FoundModules[] = [];
  for (const answer of answers) {
    if ('failure' in answer) return answer;
    found.push(answer.value);
  }
  return {
    value: { modules: found.flatMap(({ modules }) => modules), others: found.flatMap(({ others }) => others) },
  };
}
