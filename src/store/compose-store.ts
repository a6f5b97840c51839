// Reads of composes, and the door to transactions on them.

import type { ComposeFilter, ComposeStore, DueQuery, Idempotency, RunStatement } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { addFilter, addPolicy, addStates, Conditions, ownersOf } from './compose-filter.ts';
import { readPage } from './compose-page.ts';
import { composeColumns, composeFrom, timestamp, validId, type ComposeRow } from './compose-row.ts';
import { withComposes } from './compose-transaction.ts';
import type { Database } from './database.ts';
import { lastComposeId } from './instance.ts';
import type { JobSender } from './job-outbox.ts';
import { pinsOf } from './pins.ts';
import { prepared } from './prepared.ts';
import { queuePositions } from './queue-positions.ts';
import { sharedTransactions } from './shared-transactions.ts';

export function composeStore(database: Database, queue: JobSender): ComposeStore {
  const { run } = database;
  const positions = queuePositions(run);
  const transaction: ComposeStore['transaction'] = (work) =>
    database.transaction((inside) => withComposes(inside, queue, work));
  return {
    transaction,
    transactionTogether: sharedTransactions(transaction),
    find: (id, policy) => find(run, id, policy),
    findMany: (ids, policy) => findMany(run, ids, policy),
    page: (query, policy) => readPage(run, query, policy),
    count: (filter, policy) => count(run, filter, policy),
    findByIdempotencyKey: (key) => findByIdempotencyKey(run, key),
    due: (what) => due(run, what),
    waitingFor: async (digest, policy) => idsOf(await run(WAITING_FOR, [digest, ownersOf(policy)])),
    reusersOf: async (rootId, policy) => idsOf(await run(SHARERS_OF, [rootId, ownersOf(policy)])),
    lastId: () => lastComposeId(run),
    pinsOf: (ids, at, policy) => pinsOf(run, ids, at, policy),
    queuePositions: async (ids, policy) => {
      const readable = await readableIds(run, ids, policy);
      return (await positions(ids)).map((position, index) => (readable.has(ids[index] ?? '') ? position : null));
    },
  };
}

const FIND = prepared(
  `select ${composeColumns()} from compose c where c.id = $1 and ($2::text[] is null or c.owner = any($2))`,
);

async function find(run: RunStatement, id: string, policy: ReadPolicy): Promise<Compose | null> {
  const valid = validId(id);
  if (valid === null) return null;
  const [row] = await run<ComposeRow>(FIND, [valid, ownersOf(policy)]);
  return row ? composeFrom(row) : null;
}

const FIND_MANY = prepared(
  `select ${composeColumns()} from compose c where c.id = any($1::bigint[]) and ($2::text[] is null or c.owner = any($2))`,
);

async function findMany(
  run: RunStatement,
  ids: readonly string[],
  policy: ReadPolicy,
): Promise<readonly (Compose | null)[]> {
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return [await find(run, only, policy)];
  const rows = await run<ComposeRow>(FIND_MANY, [ids.filter((id) => validId(id) !== null), ownersOf(policy)]);
  const found = new Map(rows.map((row) => [row.id, composeFrom(row)]));
  return ids.map((id) => found.get(id) ?? null);
}

/** Up to here composes are counted; above, the planner's estimate is told. */
const COUNTED_AT_MOST = 50_000;

async function count(
  run: RunStatement,
  filter: ComposeFilter,
  policy: ReadPolicy,
): Promise<{ count: number; isEstimate: boolean }> {
  const conditions = new Conditions();
  addPolicy(conditions, policy);
  addFilter(conditions, filter);
  addStates(conditions, filter);
  const select = `select 1 from compose c ${conditions.where()}`;
  const [counted] = await run<{ count: string }>(
    `select count(*) as count from (${select} limit ${COUNTED_AT_MOST + 1}) counted`,
    conditions.parameters,
  );
  const exact = Number(counted?.count ?? 0);
  if (exact <= COUNTED_AT_MOST) return { count: exact, isEstimate: false };
  const [plan] = await run<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `explain (format json) ${select}`,
    conditions.parameters,
  );
  return { count: Math.max(exact, plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0), isEstimate: true };
}

const FIND_BY_KEY = prepared(
  'select compose_id, digest from idempotency where owner = $1 and mutation = $2 and key = $3',
);

async function findByIdempotencyKey(
  run: RunStatement,
  key: Omit<Idempotency, 'digest'>,
): Promise<{ composeId: string; digest: string } | null> {
  const [row] = await run<{ compose_id: string; digest: string }>(FIND_BY_KEY, [key.owner, key.mutation, key.key]);
  return row ? { composeId: row.compose_id, digest: row.digest } : null;
}

const EXPIRED = prepared(`
  select id from compose
  where expires_at <= $1 and state in ('DONE', 'FAILED') and removing_at is null
    and target_dir = any($3::text[]) and id <> all($4::bigint[])
    and not exists (select 1 from pin where pin.compose_id = compose.id and (pin.expires_at is null or pin.expires_at > $1))
  order by expires_at, id limit $2`);
const STRANDED = prepared(`
  select id from compose
  where expires_at <= $1 and state in ('DONE', 'FAILED') and target_dir = any($3::text[])
    and not exists (select 1 from pin where pin.compose_id = compose.id and (pin.expires_at is null or pin.expires_at > $1))
  order by expires_at, id limit $2`);
const EXPIRED_PINS = prepared(`
  select distinct compose_id as id from pin join compose c on c.id = compose_id
  where pin.expires_at <= $1 and c.state <> 'REMOVED' and c.removing_at is null order by id limit $2`);
const LINKS = prepared(
  'select id from compose where links_due and target_dir = any($2::text[]) order by done_at, id limit $1',
);
const HALF_REMOVED = prepared(
  "select id from compose where removing_at <= $1 and removing_at is not null and state <> 'REMOVED' and target_dir = any($3::text[]) and id > $4::bigint order by id limit $2",
);
// Since it last began to wait: a compose that a worker handed back waits anew; one that only shared never stopped to.
const WAITED_TOO_LONG = prepared(`
  select c.id from compose c
  where c.state = 'WAIT' and c.submitted_at <= $1 and (c.attempt = 0 or not exists (
    select 1 from compose_event e where e.compose_id = c.id and e.to_state = 'WAIT' and e.at > $1
  ))
  order by c.id limit $2`);

const ORPHANED_SHARERS = prepared(`
  select distinct r.id from compose s join compose r on r.id = s.reuses
  where s.state = 'GENERATING' and s.reuses is not null and r.state not in ('WAIT', 'GENERATING') order by r.id limit $1`);
const WAITING_FOR = prepared(
  "select id from compose where digest = $1 and state = 'WAIT' and ($2::text[] is null or owner = any($2)) order by id",
);
const SHARERS_OF = prepared(
  "select id from compose where reuses = $1 and state <> 'REMOVED' and ($2::text[] is null or owner = any($2)) order by id",
);

const READABLE = prepared('select id from compose where id = any($1::bigint[]) and owner = any($2::text[])');

async function readableIds(
  run: RunStatement,
  ids: readonly string[],
  { owners }: ReadPolicy,
): Promise<ReadonlySet<string>> {
  return new Set(
    owners === 'ALL' ? ids : idsOf(await run(READABLE, [ids.filter((id) => validId(id) !== null), owners])),
  );
}

function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id);
}

async function due(run: RunStatement, query: DueQuery): Promise<readonly string[]> {
  return idsOf(await run(...dueStatement(query)));
}

function dueStatement(query: DueQuery): [sql: string, parameters: readonly unknown[]] {
  switch (query.what) {
    case 'EXPIRED':
      return [EXPIRED, [timestamp(query.at), query.limit, query.targetDirs, query.except]];
    case 'STRANDED':
      return [STRANDED, [timestamp(query.at), query.limit, query.targetDirs]];
    case 'EXPIRED_PINS':
      return [EXPIRED_PINS, [timestamp(query.at), query.limit]];
    case 'HALF_REMOVED':
      return [HALF_REMOVED, [timestamp(query.before), query.limit, query.targetDirs, query.after ?? '0']];
    case 'LINKS':
      return [LINKS, [query.limit, query.targetDirs]];
    case 'ORPHANED_SHARERS':
      return [ORPHANED_SHARERS, [query.limit]];
    case 'WAITED_TOO_LONG':
      return [WAITED_TOO_LONG, [timestamp(query.before), query.limit]];
  }
}
