// Workers, their leases and the process groups of their engines. Leases expire by the database's clock, so that the clocks
// of the hosts need not agree.

import { sql } from 'kysely';
import type { Claim, OrphanedGroup, WorkerIdentity, WorkerRegistry } from '../app/ports.ts';
import { state } from './compose-filter.ts';
import type { Em } from './em.ts';
import { ProcessGroupEntity } from './entities/process-group.ts';
import { WorkerEntity } from './entities/worker.ts';
import { statement } from './prepared.ts';

const NOW = sql<Date>`clock_timestamp()`;

export function workerRegistry(em: Em): WorkerRegistry {
  return {
    async register(worker) {
      await register(em, { ...worker });
    },
    async refresh(workerId) {
      const rows = await refresh(em, workerId);
      return rows.length === 0 ? null : claimsFrom(rows);
    },
    async retire(workerId) {
      await em.nativeDelete(WorkerEntity, { id: workerId });
    },
    reap: async (olderThanMs) => claimsFrom(await reap(em, olderThanMs)),
    async registerProcessGroup({ composeId, attempt }, { pgid, startTime, bootId, host }) {
      const row = { composeId, attempt, pgid, startTime, bootId, host };
      await em.upsert(ProcessGroupEntity, row, { onConflictAction: 'ignore' });
    },
    async forgetProcessGroups({ composeId, attempt }) {
      await em.nativeDelete(ProcessGroupEntity, { composeId, attempt });
    },
    async forgetProcessGroup({ composeId, attempt, pgid, startTime, bootId, host }) {
      await em.nativeDelete(ProcessGroupEntity, { composeId, attempt, pgid, startTime, bootId, host });
    },
    orphanedProcessGroups: (host) => orphans(em, host),
  };
}

const register = statement((db, { id, host, bootId, pid, pools, concurrency }: WorkerIdentity) =>
  db
    .insertInto('worker')
    .values({ id, host, boot_id: bootId, pid, pools: pools as string[], concurrency })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ refreshed_at: NOW })),
);

// The worker's own row is in the result even without claims, so that a worker without claims differs from a lost one.
const refresh = statement((db, workerId: string) =>
  db
    .with('alive', (qb) =>
      qb.updateTable('worker').set({ refreshed_at: NOW }).where('id', '=', workerId).returning('id'),
    )
    .selectFrom('alive')
    .leftJoin('compose as c', (join) =>
      join.onRef('c.worker_id', '=', 'alive.id').on('c.state', '=', state('GENERATING')),
    )
    .select(['c.id', 'c.attempt', sql<boolean>`c.cancel_requested_at is not null`.as('cancelRequested')]),
);

// An attempt without a living worker is in the result until it is reclaimed, even if the process that deleted the worker's
// row died before.
const reap = statement((db, olderThanMs: number) =>
  db
    .with('dead', (qb) =>
      qb
        .deleteFrom('worker')
        .where('refreshed_at', '<', sql<Date>`${NOW} - ${olderThanMs} * interval '1 millisecond'`)
        .returning('id'),
    )
    .selectFrom('compose as c')
    .select(['c.id', 'c.attempt', sql<boolean>`c.cancel_requested_at is not null`.as('cancelRequested')])
    .where('c.worker_id', 'is not', null)
    .where('c.state', '=', state('GENERATING'))
    .where(({ or, not, exists, selectFrom, ref }) =>
      or([
        exists(selectFrom('dead').select('dead.id').where('dead.id', '=', ref('c.worker_id'))),
        not(exists(selectFrom('worker as w').select('w.id').where('w.id', '=', ref('c.worker_id')))),
      ]),
    )
    .orderBy('c.id'),
);

interface ClaimRow {
  readonly id: string | null;
  readonly attempt: number | null;
  readonly cancelRequested: boolean;
}

function claimsFrom(rows: readonly ClaimRow[]): readonly Claim[] {
  return rows.flatMap(({ id, attempt, cancelRequested }) =>
    id === null || attempt === null ? [] : [{ composeId: id, attempt, cancelRequested }],
  );
}

const orphans: (em: Em, host: string) => Promise<readonly OrphanedGroup[]> = statement((db, host: string) =>
  db
    .selectFrom('process_group as g')
    .select(['g.compose_id as composeId', 'g.attempt', 'g.pgid', 'g.start_time as startTime'])
    .select(['g.boot_id as bootId', 'g.host'])
    .where('g.host', '=', host)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('compose as c')
            .innerJoin('worker as w', 'w.id', 'c.worker_id')
            .select('c.id')
            .whereRef('c.id', '=', 'g.compose_id')
            .whereRef('c.attempt', '=', 'g.attempt')
            .where('c.state', '=', state('GENERATING')),
        ),
      ),
    ),
);
