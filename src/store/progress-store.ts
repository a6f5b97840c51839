// Progress of the latest attempt, overwritten in place. A worker that lost its attempt writes nothing.

import { sql } from 'kysely';
import type { ComposeProgress, ProgressStore } from '../app/ports.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { anyOf, isReadableOrReusedBy, ownersOf, state, type Owners } from './compose-filter.ts';
import { validId, validIds } from './compose-row.ts';
import type { Em } from './em.ts';
import { statement } from './prepared.ts';

export function progressStore(em: Em): ProgressStore {
  return {
    async put(composeId, progress) {
      const id = validId(composeId);
      if (id !== null) await putCurrent(em, id, { ...progress });
    },
    findMany: (ids, policy) => findMany(em, ids, policy),
  };
}

// One statement, so that the attempt is checked, the row written and subscribers woken together or not at all.
const putCurrent = statement((db, id: string, { attempt, percent, phase, message, updatedAt }: ComposeProgress) =>
  db
    .with('put', (qb) =>
      qb
        .insertInto('compose_progress')
        .columns(['compose_id', 'attempt', 'percent', 'phase', 'message', 'updated_at'])
        .expression((eb) =>
          eb
            .selectFrom('compose')
            .select(['id', 'attempt'])
            .select([eb.val(percent).as('percent'), eb.val(phase).as('phase'), eb.val(message).as('message')])
            .select(eb.val(updatedAt).as('updated_at'))
            .where('id', '=', id)
            .where('attempt', '=', attempt)
            .where('state', '=', state('GENERATING')),
        )
        .onConflict((conflict) =>
          conflict
            .column('compose_id')
            .doUpdateSet((eb) => ({
              attempt: eb.ref('excluded.attempt'),
              phase: eb.ref('excluded.phase'),
              message: eb.ref('excluded.message'),
              updated_at: eb.ref('excluded.updated_at'),
              percent: risingPercent,
            }))
            .whereRef('compose_progress.attempt', '<=', 'excluded.attempt'),
        )
        .returning('compose_id'),
    )
    .selectFrom('put')
    .select(sql`pg_notify('compose_progress', compose_id::text)`.as('notified')),
);

/** Within one attempt it never falls. */
const risingPercent = sql<number>`case when compose_progress.attempt = excluded.attempt
  then greatest(compose_progress.percent, excluded.percent) else excluded.percent end`;

const findReadable = statement((db, ids: readonly string[], owners: Owners) =>
  db
    .selectFrom('compose_progress')
    .select(['compose_id', 'attempt', 'percent', 'phase', 'message', 'updated_at as updatedAt'])
    .where('compose_id', '=', anyOf(ids, 'bigint'))
    .where((eb) => isReadableOrReusedBy(eb.ref('compose_id'), owners)),
);

async function findMany(
  em: Em,
  ids: readonly string[],
  policy: ReadPolicy,
): Promise<readonly (ComposeProgress | null)[]> {
  const rows = await findReadable(em, validIds(ids), ownersOf(policy));
  const found = new Map(rows.map(({ compose_id: id, ...progress }) => [id, progress]));
  return ids.map((id) => found.get(id) ?? null);
}
