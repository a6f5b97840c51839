// Reads of composes, and the entry to transactions on them.

import type { ComposeFilter, ComposeStore } from '../app/ports.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import {
  anyOf,
  filterConditions,
  isReadable,
  isReadableBy,
  ownersOf,
  state,
  stateConditions,
  type Owners,
} from './compose-filter.ts';
import { findCompose, findComposes } from './compose-find.ts';
import { readPage } from './compose-page.ts';
import { validIds } from './compose-row.ts';
import { composeTransaction, type JobSender } from './compose-transaction.ts';
import type { Database } from './database.ts';
import { due } from './due.ts';
import type { Em } from './em.ts';
import { findIdempotency } from './idempotency.ts';
import { lastComposeId } from './instance.ts';
import { pinsOf } from './pins.ts';
import { statement } from './prepared.ts';
import { queuePositions } from './queue-positions.ts';

export function composeStore(database: Database, queue: JobSender): ComposeStore {
  const { em } = database;
  const positions = queuePositions(em);
  return {
    transaction: (work) => database.transaction((inside) => work(composeTransaction(inside, queue))),
    find: (id, policy) => findCompose(em, id, policy),
    findMany: (ids, policy) => findComposes(em, ids, policy),
    page: (query, policy) => readPage(em, query, policy),
    count: (filter, policy) => count(em, filter, policy),
    findByIdempotencyKey: (key) => findIdempotency(em, key),
    due: (query) => due(em, query),
    waitingWithDigest: async (digest, policy) => idsOf(await waiting(em, digest, ownersOf(policy))),
    reusersOf: async (reusedId, policy) => idsOf(await reusers(em, reusedId, ownersOf(policy))),
    lastId: () => lastComposeId(em),
    pinsOf: (ids, at, policy) => pinsOf(em, ids, at, policy),
    queuePositions: async (ids, policy) => {
      const readable = await readableIds(em, ids, policy);
      return (await positions(ids)).map((position, index) => (readable.has(ids[index] ?? '') ? position : null));
    },
  };
}

/** Up to this number composes are counted; above, the answer is the planner's estimate. */
const COUNTED_AT_MOST = 50_000;

async function count(
  em: Em,
  filter: ComposeFilter,
  policy: ReadPolicy,
): Promise<{ count: number; isEstimate: boolean }> {
  const db = em.getKysely();
  const matching = db
    .selectFrom('compose as c')
    .select('c.id')
    .where((eb) => eb.and([isReadable(eb, policy), ...filterConditions(eb, filter), ...stateConditions(eb, filter)]));
  const counted = await db
    .selectFrom(matching.limit(COUNTED_AT_MOST + 1).as('counted'))
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  const exact = Number(counted.count);
  if (exact <= COUNTED_AT_MOST) return { count: exact, isEstimate: false };
  const [plan] = await matching.explain<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>('json');
  return { count: Math.max(exact, plan?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0), isEstimate: true };
}

const waiting = statement((db, digest: string, owners: Owners) =>
  db
    .selectFrom('compose as c')
    .select('c.id')
    .where('c.digest', '=', digest)
    .where('c.state', '=', state('WAIT'))
    .where((eb) => isReadableBy(eb, owners))
    .orderBy('c.id'),
);

const reusers = statement((db, reusedId: string, owners: Owners) =>
  db
    .selectFrom('compose as c')
    .select('c.id')
    .where('c.reuses', '=', reusedId)
    .where('c.state', '<>', state('REMOVED'))
    .where((eb) => isReadableBy(eb, owners))
    .orderBy('c.id'),
);

async function readableIds(em: Em, ids: readonly string[], policy: ReadPolicy): Promise<ReadonlySet<string>> {
  if (policy.owners === 'ALL') return new Set(ids);
  const rows = await em
    .getKysely()
    .selectFrom('compose as c')
    .select('c.id')
    .where('c.id', '=', anyOf(validIds(ids), 'bigint'))
    .where((eb) => isReadable(eb, policy))
    .execute();
  return new Set(idsOf(rows));
}

function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id);
}
