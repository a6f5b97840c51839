// Reads of the event log, in the order of commits. Positions are assigned at commit (see the migration), so "after this
// position" never misses an event that becomes visible later.

import type { ComposeFilter, EventLog, FeedItem, RunStatement } from '../app/ports.ts';
import type { ComposeEvent } from '../compose/compose.ts';
import type { ComposeEventKind, ComposeState } from '../compose/vocabulary.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { addFilter, addPolicy, Conditions, ownersOf } from './compose-filter.ts';
import {
  composeColumns,
  composeFrom,
  instant,
  snapshotFrom,
  validId,
  type ComposeRow,
  type StoredSnapshot,
} from './compose-row.ts';
import { prepared } from './prepared.ts';

interface EventRow extends ComposeRow {
  readonly e_position: string;
  readonly e_seq: number;
  readonly e_kind: ComposeEventKind;
  readonly e_at: string;
  readonly e_from: ComposeState | null;
  readonly e_to: ComposeState | null;
  readonly e_by: string;
  readonly e_reason: string | null;
  readonly e_snapshot: StoredSnapshot;
}

const COLUMNS = `
  e.position as e_position, e.seq as e_seq, e.kind as e_kind, e.at as e_at, e.from_state as e_from, e.to_state as e_to,
  e.by as e_by, e.reason as e_reason, e.snapshot as e_snapshot`;
const HEAD = prepared(
  'select coalesce((select position from compose_event where position is not null order by position desc limit 1), 0) as head',
);
const READ_ANY = prepared(readPage('where e.position > $1', '$2'));
// Within one compose `seq` and `position` rise together.
const READ_EACH = prepared(`
  select ${COLUMNS}, ${composeColumns()} from unnest($3::bigint[]) as asked (id)
  cross join lateral (select * from compose_event where compose_id = asked.id and position > $1 order by seq limit $2) e
  join compose c on c.id = e.compose_id and ($4::text[] is null or c.owner = any($4))
  order by e.compose_id, e.seq`);

/** Only what is on the page becomes JSON. */
function readPage(where: string, limit: string): string {
  return `
    select ${COLUMNS}, ${composeColumns('e.c')}
    from (select e.*, c from compose_event e join compose c on c.id = e.compose_id ${where} order by e.position limit ${limit}) e
    order by e.position`;
}

export function eventLog(run: RunStatement): EventLog {
  return {
    async head() {
      const [row] = await run<{ head: string }>(HEAD, []);
      return BigInt(row?.head ?? 0);
    },
    async read({ after, limit, composeId, filter = {} }, policy) {
      if (composeId !== undefined && validId(composeId) === null) return [];
      const isFiltered = Object.keys(filter).length > 0;
      if (composeId !== undefined && !isFiltered)
        return (await readEach(run, [composeId], after, limit, policy))[0] ?? [];
      if (isFiltered || policy.owners !== 'ALL') return readFiltered(run, after, limit, filter, composeId, policy);
      return (await run<EventRow>(READ_ANY, [after.toString(), limit])).map(itemFrom);
    },
    readEach: ({ composeIds, after, limit }, policy) => readEach(run, composeIds, after, limit, policy),
  };
}

async function readEach(
  run: RunStatement,
  composeIds: readonly string[],
  after: bigint,
  limit: number,
  policy: ReadPolicy,
): Promise<readonly (readonly FeedItem[])[]> {
  const rows = await run<EventRow>(READ_EACH, [after.toString(), limit, [...new Set(composeIds)], ownersOf(policy)]);
  const found = Map.groupBy(rows.map(itemFrom), ({ compose }) => compose.id);
  return composeIds.map((id) => found.get(id) ?? []);
}

async function readFiltered(
  run: RunStatement,
  after: bigint,
  limit: number,
  filter: ComposeFilter,
  composeId: string | undefined,
  policy: ReadPolicy,
): Promise<readonly FeedItem[]> {
  const conditions = new Conditions();
  conditions.add(`e.position > ${conditions.parameter(after.toString())}::bigint`);
  if (composeId !== undefined) conditions.add(`e.compose_id = ${conditions.parameter(composeId)}::bigint`);
  addPolicy(conditions, policy);
  addFilter(conditions, filter);
  if (filter.states) {
    const states = `any(${conditions.parameter(filter.states)}::text[])`;
    // An event that changes no state belongs to the one it happened in.
    conditions.add(`(e.from_state = ${states} or coalesce(e.to_state, e.snapshot ->> 'state') = ${states})`);
  }
  const rows = await run<EventRow>(readPage(conditions.where(), conditions.parameter(limit)), conditions.parameters);
  return rows.map(itemFrom);
}

function itemFrom(row: EventRow): FeedItem {
  const snapshot = Object.freeze(snapshotFrom(row.e_snapshot));
  const event: ComposeEvent = {
    position: BigInt(row.e_position),
    composeId: row.id,
    seq: row.e_seq,
    kind: row.e_kind,
    at: instant(row.e_at),
    from: row.e_from,
    to: row.e_to,
    by: row.e_by,
    reason: row.e_reason,
    snapshot,
  };
  return Object.freeze({
    event: Object.freeze(event),
    compose: Object.freeze({ ...composeFrom(row), ...snapshot, seq: row.e_seq }),
  });
}
