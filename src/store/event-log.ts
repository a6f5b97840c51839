// Reads of the event log in the order of commits. A trigger assigns positions at commit, so a read after a position never
// misses an event that becomes visible later.

import { sql, type Kysely, type Selectable, type SelectQueryBuilder } from 'kysely';
import type { ComposeFilter, EventLog, FeedItem } from '../app/ports.ts';
import type { ComposeEvent } from '../compose/compose.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import type { ComposeState } from '../compose/vocabulary.ts';
import { filterConditions, isReadable, isReadableBy, ownersOf, unnested, type Owners } from './compose-filter.ts';
import { composeColumns, composeFrom, snapshotFrom, validId, validIds, type ComposeRow } from './compose-row.ts';
import type { Em, Tables } from './em.ts';
import { statement } from './prepared.ts';

export function eventLog(em: Em): EventLog {
  return {
    head: () => head(em),
    async read({ after, limit, composeId, filter = {} }, policy) {
      if (composeId !== undefined && validId(composeId) === null) return [];
      const isFiltered = Object.keys(filter).length > 0;
      if (composeId !== undefined && !isFiltered)
        return (await readEach(em, [composeId], after, limit, policy))[0] ?? [];
      if (isFiltered || policy.owners !== 'ALL') return readFiltered(em, { after, limit, composeId, filter, policy });
      return (await readAny(em, String(after), limit)).map(itemFrom);
    },
    readEach: ({ composeIds, after, limit }, policy) => readEach(em, composeIds, after, limit, policy),
  };
}

const last = statement((db) =>
  db
    .selectFrom('compose_event')
    .select('position')
    .where('position', 'is not', null)
    .orderBy('position', 'desc')
    .limit(1),
);

async function head(em: Em): Promise<bigint> {
  const [event] = await last(em);
  return BigInt(event?.position ?? 0);
}

const readAny = statement((db, after: string, limit: number) =>
  itemsOf(
    db,
    db
      .selectFrom('compose_event as e')
      .selectAll('e')
      .where('e.position', '>', after)
      .orderBy('e.position')
      .limit(limit),
  ).orderBy('e.position'),
);

interface FilteredRead {
  readonly after: bigint;
  readonly limit: number;
  readonly composeId: string | undefined;
  readonly filter: ComposeFilter;
  readonly policy: ReadPolicy;
}

async function readFiltered(em: Em, { after, limit, composeId, filter, policy }: FilteredRead) {
  const db = em.getKysely();
  // An event that changes no state belongs to the state in which it happened.
  const endState = sql<string>`coalesce(e.to_state, e.snapshot ->> 'state')`;
  const page = db
    .selectFrom('compose_event as e')
    .innerJoin('compose as c', 'c.id', 'e.compose_id')
    .selectAll('e')
    .where('e.position', '>', String(after))
    .where((eb) => eb.and([isReadable(eb, policy), ...filterConditions(eb, filter)]))
    .$if(composeId !== undefined, (events) => events.where('e.compose_id', '=', composeId ?? ''))
    .$if(filter.states !== undefined, (events) => {
      const anyState = sql<ComposeState>`any(${filter.states}::text[])`;
      return events.where((eb) => eb.or([eb('e.from_state', '=', anyState), eb(endState, '=', anyState)]));
    })
    .orderBy('e.position')
    .limit(limit);
  return (await itemsOf(db, page).orderBy('e.position').execute()).map(itemFrom);
}

const readOfEach = statement((db, composeIds: readonly string[], after: string, limit: number, owners: Owners) => {
  // Within one compose, `seq` and `position` rise together.
  const events = db
    .selectFrom(unnested(composeIds))
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('compose_event')
          .selectAll()
          .whereRef('compose_id', '=', 'asked.id')
          .where('position', '>', after)
          .orderBy('seq')
          .limit(limit)
          .as('e'),
      (join) => join.onTrue(),
    )
    .selectAll('e');
  return itemsOf(db, events)
    .where((eb) => isReadableBy(eb, owners))
    .orderBy('e.compose_id')
    .orderBy('e.seq');
});

async function readEach(
  em: Em,
  composeIds: readonly string[],
  after: bigint,
  limit: number,
  policy: ReadPolicy,
): Promise<readonly (readonly FeedItem[])[]> {
  const rows = await readOfEach(em, validIds([...new Set(composeIds)]), String(after), limit, ownersOf(policy));
  const found = Map.groupBy(rows.map(itemFrom), ({ compose }) => compose.id);
  return composeIds.map((id) => found.get(id) ?? []);
}

/** A page of events with their composes. Only what is on the page becomes JSON. */
function itemsOf(db: Kysely<Tables>, events: SelectQueryBuilder<Tables, never, Selectable<Tables['compose_event']>>) {
  return db
    .selectFrom(events.as('e'))
    .innerJoin('compose as c', 'c.id', 'e.compose_id')
    .select(composeColumns)
    .select([
      'e.position',
      'e.seq',
      'e.kind',
      'e.at',
      'e.from_state as from',
      'e.to_state as to',
      'e.by',
      'e.reason',
      'e.snapshot',
    ]);
}

type ItemRow = ComposeRow & Omit<ComposeEvent, 'composeId' | 'position'> & { readonly position: string | null };

function itemFrom({ id, reuses, compose, position, snapshot: stored, ...event }: ItemRow): FeedItem {
  const snapshot = Object.freeze(snapshotFrom(stored));
  return Object.freeze({
    event: Object.freeze({ ...event, composeId: id, position: BigInt(position ?? 0), snapshot }),
    compose: Object.freeze({ ...composeFrom({ id, reuses, compose }), ...snapshot, seq: event.seq }),
  });
}
