// Fair shares by virtual time. Each owner has a virtual time in each queue, which each of their jobs advances by one, and a
// job's rank is its owner's virtual time: one owner's first job waits for at most one of another owner's thousand. An owner
// who was idle resumes at the virtual time of the queue, and so cannot save up a lead.

import { sql } from 'kysely';
import type { Lane } from '../compose/lane.ts';
import type { Em } from '../store/em.ts';
import { statement } from '../store/prepared.ts';
import { queueName } from './queue-name.ts';

export interface Place {
  readonly lane: Lane;
  readonly pool: string;
}

export interface Placed {
  readonly rank: number;
  readonly send: number;
  /** The queue of the job that this send replaces; null for the first send. */
  readonly previousQueue: string | null;
}

interface Sent extends Place {
  readonly composeId: string;
  readonly owner: string;
  /** The name of the queue. */
  readonly queue: string;
}

// Raw, because every request waits for it: one statement, in which an insert reads what another one returns. A compose that
// is sent to the same queue again keeps its rank. The lock on the owner's row lasts to the end of the transaction, so ranks
// become visible in order.
const place = statement(
  (_db, { composeId, owner, lane, pool, queue }: Sent) => sql<PlacedRow>`
    with previous as (
      select lane, pool, rank from queue_entry where compose_id = ${composeId}
    ), turn as (
      insert into queue_owner (lane, owner, virtual_time)
      select ${queue}, ${owner}, greatest(1, (select virtual_time from queue_lane where name = ${queue}))
      where not exists (select 1 from previous where lane = ${lane} and pool = ${pool})
      on conflict (lane, owner) do update set virtual_time = greatest(queue_owner.virtual_time + 1, excluded.virtual_time)
      returning virtual_time
    )
    insert into queue_entry as entry (compose_id, lane, pool, rank, send)
    values (${composeId}, ${lane}, ${pool}, coalesce((select virtual_time from turn), (select rank from previous)), 1)
    on conflict (compose_id) do update
      set lane = excluded.lane, pool = excluded.pool, rank = excluded.rank, send = entry.send + 1
    returning rank, send, (select lane from previous) as previous_lane, (select pool from previous) as previous_pool`,
);

/** The entry of a compose whose job the former version sent: the next send keeps this rank. */
export async function adoptRank(em: Em, composeId: string, { lane, pool }: Place, rank: number): Promise<void> {
  const entry = { compose_id: composeId, lane, pool, rank, send: 0 };
  await em.getKysely().insertInto('queue_entry').values(entry).execute();
}

interface PlacedRow {
  readonly rank: number;
  readonly send: number;
  readonly previous_lane: Lane | null;
  readonly previous_pool: string | null;
}

/** Counts a send of the compose and gives it a rank, in the transaction of `em`. */
export async function placeCompose(
  em: Em,
  compose: { readonly id: string; readonly owner: string },
  { lane, pool }: Place,
): Promise<Placed> {
  const queue = queueName(lane, pool);
  const [row] = await place(em, { composeId: compose.id, owner: compose.owner, lane, pool, queue });
  if (!row) throw new Error('An insert returned no row');
  const { rank, send, previous_lane: previousLane, previous_pool: previousPool } = row;
  const previousQueue = previousLane && previousPool !== null ? queueName(previousLane, previousPool) : null;
  return { rank, send, previousQueue };
}

const advance = statement((db, name: string, rank: number) =>
  db
    .insertInto('queue_lane')
    .values({ name, virtual_time: rank })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ virtual_time: rank }).where('queue_lane.virtual_time', '<', rank),
    ),
);

/** The virtual time of a queue is the rank of the job that it handed over last. */
export async function advanceQueue(em: Em, queue: string, rank: number): Promise<void> {
  await advance(em, queue, rank);
}
