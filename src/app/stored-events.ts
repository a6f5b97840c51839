// All stored events behind a position, read page by page up to the end of the log.

import type { ReadPolicy } from '../compose/read-policy.ts';
import type { EventLog, FeedItem } from './ports.ts';

const PAGE = 200;

export async function* storedEvents(
  log: Pick<EventLog, 'read'>,
  query: Omit<Parameters<EventLog['read']>[0], 'limit'>,
  policy: ReadPolicy,
): AsyncGenerator<FeedItem, void> {
  let { after } = query;
  for (;;) {
    const items = await log.read({ ...query, after, limit: PAGE }, policy);
    yield* items;
    if (items.length < PAGE) return;
    after = items[items.length - 1]?.event.position ?? after;
  }
}
