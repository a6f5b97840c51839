// Reads of composes, and the door to transactions on them.

import type { ComposeFilter, ComposeStore, Idempotency, JobSender, RunStatement } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { addFilter, addPolicy, addStates, Conditions, ownersOf } from './compose-filter.ts';
import { readPage } from './compose-page.ts';
import { composeColumns, composeFrom, validId, type ComposeRow } from './compose-row.ts';
import { composeTransaction } from './compose-transaction.ts';
import type { Database } from './database.ts';
import { due } from './due.ts';
import { lastComposeId } from './instance.ts';
import { pinsOf } from './pins.ts';
import { prepared } from './prepared.ts';
import { queuePositions } from './queue-positions.ts';

export function composeStore(database: Database, queue: JobSender): ComposeStore {
  const { run } = database;
  const positions = queuePositions(run);
  return {
    transaction: (work) => database.transaction((inside) => work(composeTransaction(inside, queue))),
    find: (id, policy) => find(run, id, policy),
    findMany: (ids, policy) => findMany(run, ids, policy),
    page: (query, policy) => readPage(run, query, policy),
    count: (filter, policy) => count(run, filter, policy),
    findByIdempotencyKey: (key) => findByIdempotencyKey(run, key),
    due: (query) => due(run, query),
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
