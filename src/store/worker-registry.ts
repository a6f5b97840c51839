// Which workers are alive, by the database's clock alone: the hosts' clocks need not agree.

import type { Claim, ProcessGroup, RunStatement, WorkerRegistry } from '../app/ports.ts';
import { prepared } from './prepared.ts';

const REGISTER = `
  insert into worker (id, host, boot_id, pid, pools, concurrency) values ($1, $2, $3, $4, $5, $6)
  on conflict (id) do update set refreshed_at = clock_timestamp()`;
// A row for the worker itself, so that one without claims can be told from one that is gone.
const REFRESH = prepared(`
  with alive as (update worker set refreshed_at = clock_timestamp() where id = $1 returning id)
  select c.id, c.attempt, c.cancel_requested_at is not null as cancel_requested
  from alive left join compose c on c.worker_id = alive.id and c.state = 'GENERATING'`);
const REAP = prepared(`
  with dead as (
    delete from worker where refreshed_at < clock_timestamp() - $1 * interval '1 millisecond' returning id
  )
  select c.id, c.attempt, c.cancel_requested_at is not null as cancel_requested from compose c
  where c.worker_id is not null and c.state = 'GENERATING' and (
    c.worker_id in (select id from dead) or not exists (select 1 from worker w where w.id = c.worker_id)
  )
  order by c.id`);
const REGISTER_GROUP = `
  insert into process_group (compose_id, attempt, pgid, start_time, boot_id, host) values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing`;
const FORGET_GROUPS = 'delete from process_group where compose_id = $1 and attempt = $2';
const FORGET_GROUP =
  'delete from process_group where compose_id = $1 and attempt = $2 and pgid = $3 and start_time = $4 and boot_id = $5 and host = $6';
const ORPHANED_GROUPS = prepared(`
  select g.compose_id, g.attempt, g.pgid, g.start_time, g.boot_id, g.host from process_group g
  where g.host = $1 and not exists (
    select 1 from compose c join worker w on w.id = c.worker_id
    where c.id = g.compose_id and c.attempt = g.attempt and c.state = 'GENERATING'
  )`);

interface ClaimRow {
  readonly id: string | null;
  readonly attempt: number;
  readonly cancel_requested: boolean;
}

interface GroupRow {
  readonly compose_id: string;
  readonly attempt: number;
  readonly pgid: number;
  readonly start_time: string;
  readonly boot_id: string;
  readonly host: string;
}

export function workerRegistry(run: RunStatement): WorkerRegistry {
  return {
    async register(worker) {
      await run(REGISTER, [worker.id, worker.host, worker.bootId, worker.pid, worker.pools, worker.concurrency]);
    },
    async refresh(workerId) {
      const rows = await run<ClaimRow>(REFRESH, [workerId]);
      return rows.length === 0 ? null : claimsFrom(rows);
    },
    async retire(workerId) {
      await run('delete from worker where id = $1', [workerId]);
    },
    async reap(olderThanMs) {
      return claimsFrom(await run<ClaimRow>(REAP, [olderThanMs]));
    },
    async registerProcessGroup(claim, group: ProcessGroup) {
      await run(REGISTER_GROUP, [
        claim.composeId,
        claim.attempt,
        group.pgid,
        group.startTime,
        group.bootId,
        group.host,
      ]);
    },
    async forgetProcessGroups(claim) {
      await run(FORGET_GROUPS, [claim.composeId, claim.attempt]);
    },
    async forgetProcessGroup({ composeId, attempt, pgid, startTime, bootId, host }) {
      await run(FORGET_GROUP, [composeId, attempt, pgid, startTime, bootId, host]);
    },
    async orphanedProcessGroups(host) {
      return (await run<GroupRow>(ORPHANED_GROUPS, [host])).map(groupFrom);
    },
  };
}

function claimsFrom(rows: readonly ClaimRow[]): readonly Claim[] {
  return rows.flatMap(({ id, attempt, cancel_requested }) =>
    id === null ? [] : [{ composeId: id, attempt, cancelRequested: cancel_requested }],
  );
}

function groupFrom(row: GroupRow): ProcessGroup & Pick<Claim, 'composeId' | 'attempt'> {
  return {
    composeId: row.compose_id,
    attempt: row.attempt,
    pgid: row.pgid,
    startTime: row.start_time,
    bootId: row.boot_id,
    host: row.host,
  };
}
