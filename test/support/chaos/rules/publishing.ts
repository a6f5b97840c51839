// The published directory of a compose is that of the attempt that makes it DONE, and is published once.

import { attemptStories, type AttemptStory, type History } from '../history.ts';
import type { Publication, Records } from '../records.ts';

export function* publishedOnce(history: History, { publications }: Records): Iterable<string> {
  const published = Map.groupBy(publications, ({ id }) => id);
  const stories = Map.groupBy(attemptStories(history), ({ id }) => id);
  for (const [id, all] of published) yield* publicationsInOrder(id, all, stories.get(id) ?? []);
  for (const { id, state } of history.composes.values()) {
    const done = stories.get(id)?.find(({ ended }) => ended?.to === 'DONE');
    const last = published.get(id)?.at(-1)?.attempt;
    // A directory that was removed at once may not have been seen.
    if (done && last !== done.attempt && state !== 'REMOVED')
      yield `odcs-${id} is of attempt ${last}, DONE is attempt ${done.attempt}`;
  }
}

function* publicationsInOrder(
  id: string,
  all: readonly Publication[],
  attempts: readonly AttemptStory[],
): Iterable<string> {
  for (const [attempt, same] of Map.groupBy(all, (publication) => publication.attempt)) {
    if (attempt === null) yield `odcs-${id} was published by an unknown attempt`;
    if (same.length > 1) yield `odcs-${id} was published ${same.length} times by attempt ${attempt}`;
  }
  for (const { attempt, at } of all) {
    const later = attempts.find((other) => attempt !== null && other.attempt > attempt && other.begun.at < at);
    if (later) yield `odcs-${id} was published by attempt ${attempt} after attempt ${later.attempt} had begun`;
    const done = attempts.find(({ ended }) => ended?.to === 'DONE' && ended.at < at);
    if (done && done.attempt !== attempt)
      yield `odcs-${id} was published by attempt ${attempt} after attempt ${done.attempt} was DONE`;
  }
}
