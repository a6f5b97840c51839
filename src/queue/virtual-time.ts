// Fairness between owners. Each has a clock that every job of theirs moves on by one, and the job with the earliest
// time is handed over first: so somebody's first job waits for at most one of somebody else's thousand. An owner who had
// nothing to do for a while starts at the time of the job handed over last, and cannot save up a lead.

import type { RunStatement } from '../app/ports.ts';

// Takes the owner's row lock, to the end of the transaction.
const NEXT = `
  insert into queue_owner (owner, virtual_time)
  values ($1, greatest(1, coalesce((select virtual_time from queue_lane where name = $2), 0)))
  on conflict (owner) do update set virtual_time = greatest(queue_owner.virtual_time + 1, excluded.virtual_time)
  returning virtual_time`;
const ADVANCE = `
  insert into queue_lane (name, virtual_time) values ($1, $2)
  on conflict (name) do update set virtual_time = excluded.virtual_time where queue_lane.virtual_time < excluded.virtual_time`;

/** The priority of the owner's next job: the earlier its virtual time, the higher. */
export async function nextPriority(run: RunStatement, lane: string, owner: string): Promise<number> {
  const [row] = await run<{ virtual_time: number }>(NEXT, [owner, lane]);
  if (!row) throw new Error('An upsert answered no row');
  return -row.virtual_time;
}

/** The lane's clock follows the jobs that are handed over. */
export async function advanceLane(run: RunStatement, lane: string, priority: number): Promise<void> {
  await run(ADVANCE, [lane, -priority]);
}
