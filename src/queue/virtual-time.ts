// Fairness between owners. Each has a clock in each lane that every job of theirs moves on by one, and the job with the earliest
// time is handed over first: so somebody's first job waits for at most one of somebody else's thousand. An owner who had
// nothing to do for a while starts at the time of the job handed over last, and cannot save up a lead.

import type { RunStatement } from '../app/ports.ts';

// Takes the owner's row lock, to the end of the transaction.
function next(owner: string, lane: string, count: string): string {
  return `
    insert into queue_owner (lane, owner, virtual_time)
    values (${lane}, ${owner}, greatest(1, coalesce((select virtual_time from queue_lane where name = ${lane}), 0)) + ${count}::integer - 1)
    on conflict (lane, owner) do update set virtual_time = greatest(queue_owner.virtual_time + ${count}::integer, excluded.virtual_time)
    returning virtual_time`;
}
const ADVANCE = `
  insert into queue_lane (name, virtual_time) values ($1, $2)
  on conflict (name) do update set virtual_time = excluded.virtual_time where queue_lane.virtual_time < excluded.virtual_time`;

const merged = new Map<string, string>();

interface Turn {
  readonly lane: string;
  readonly owner: string;
  /** How many jobs. */
  readonly count: number;
}

/**
 * pg-boss's insert of jobs, with the owner's clock moved on in the same statement: so the owner's row is locked for no
 * longer than the insert and the commit. Everybody may be one owner, and then this bounds how many requests are accepted.
 * The last job has the clock's new time; the others' priorities say how long before it they come.
 */
export async function insertInTurn(
  run: RunStatement,
  { lane, owner, count }: Turn,
  insert: string,
  jobs: unknown,
): Promise<readonly object[]> {
  let sql = merged.get(insert);
  if (sql === undefined) {
    sql = mergeClock(insert);
    merged.set(insert, sql);
  }
  return run(sql, [jobs, owner, lane, count]);
}

function mergeClock(insert: string): string {
  const sql = insert
    .replace(/^\s*WITH ins AS/, `with clock as (${next('$2', '$3', '$4')}), ins as`)
    .replace(
      'COALESCE(priority, 0) as priority',
      'COALESCE(priority, 0) - (select virtual_time from clock) as priority',
    );
  if (!sql.startsWith('with clock') || !sql.includes('from clock)'))
    throw new Error(
      'This version of pg-boss inserts jobs by another statement than the one that fairness was written for',
    );
  return sql;
}

/** The lane's clock follows the jobs that are handed over. */
export async function advanceLane(run: RunStatement, lane: string, priority: number): Promise<void> {
  await run(ADVANCE, [lane, -priority]);
}
