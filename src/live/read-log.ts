// The event log from a position up to what is committed when it is read, page by page.

import type { EventLog, FeedItem } from '../app/ports.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';

const PAGE = 200;

export async function* readLog(
  log: EventLog,
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
