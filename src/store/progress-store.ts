// Progress of the current attempt, overwritten in place. A worker that lost its attempt writes nothing.

import type { ComposeProgress, ProgressStore, RunStatement } from '../app/ports.ts';
import { ownersOf, readableOrReused } from './compose-filter.ts';
import { instant, timestamp, validId } from './compose-row.ts';
import { prepared } from './prepared.ts';

// One statement, so that the attempt is checked, the row written and the subscribers woken together or not at all.
const PUT = prepared(`
  with put as (
    insert into compose_progress (compose_id, attempt, percent, phase, message, updated_at)
    select c.id, $2, $3, $4, $5, $6 from compose c where c.id = $1 and c.attempt = $2 and c.state = 'GENERATING'
    on conflict (compose_id) do update set
      attempt = excluded.attempt, phase = excluded.phase, message = excluded.message, updated_at = excluded.updated_at,
      percent = case when compose_progress.attempt = excluded.attempt then greatest(compose_progress.percent, excluded.percent) else excluded.percent end
    where compose_progress.attempt <= excluded.attempt
    returning compose_id
  )
  select pg_notify('compose_progress', compose_id::text) from put`);

const FIND_MANY = prepared(
  `select compose_id, attempt, percent, phase, message, updated_at from compose_progress
  where compose_id = any($1::bigint[]) and ${readableOrReused('compose_id', '$2')}`,
);

interface ProgressRow {
  readonly compose_id: string;
  readonly attempt: number;
  readonly percent: number;
  readonly phase: string;
  readonly message: string | null;
  readonly updated_at: string;
}

export function progressStore(run: RunStatement): ProgressStore {
  return {
    async put(composeId, progress) {
      if (validId(composeId) === null) return;
      await run(PUT, [
        composeId,
        progress.attempt,
        progress.percent,
        progress.phase,
        progress.message,
        timestamp(progress.updatedAt),
      ]);
    },
    async findMany(ids, policy) {
      const rows = await run<ProgressRow>(FIND_MANY, [ids.filter((id) => validId(id) !== null), ownersOf(policy)]);
      const found = new Map(rows.map((row) => [row.compose_id, progressFrom(row)]));
      return ids.map((id) => found.get(id) ?? null);
    },
  };
}

function progressFrom(row: ProgressRow): ComposeProgress {
  return {
    attempt: row.attempt,
    percent: row.percent,
    phase: row.phase,
    message: row.message,
    updatedAt: instant(row.updated_at),
  };
}
