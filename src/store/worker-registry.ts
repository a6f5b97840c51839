// Which workers are alive, by the database's clock alone: the hosts' clocks need not agree.

import type { ProcessGroup, RegisteredProcessGroup, WorkerRegistry } from '../app/ports.ts';
import { validId } from './compose-row.ts';
import type { Run } from './database.ts';
import { prepared } from './prepared.ts';

const REGISTER = `
  insert into worker (id, host, boot_id, pid, pool) values ($1, $2, $3, $4, $5)
  on conflict (id) do update set refreshed_at = clock_timestamp()`;
const REFRESH = prepared('update worker set refreshed_at = clock_timestamp() where id = $1 returning id');
const LOST = prepared(`
  select c.id, c.attempt, c.worker_id from compose c left join worker w on w.id = c.worker_id
  where c.worker_id is not null and c.state = 'GENERATING'
    and (w.id is null or w.refreshed_at < clock_timestamp() - $1 * interval '1 millisecond')
  order by c.started_at`);
const REGISTER_GROUP = `
  insert into process_group (compose_id, attempt, pgid, start_time, boot_id, host) values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing`;
const SELECT_GROUPS = 'select compose_id, attempt, pgid, start_time, boot_id, host from process_group';

interface GroupRow {
  readonly compose_id: string;
  readonly attempt: number;
  readonly pgid: number;
  readonly start_time: string;
  readonly boot_id: string;
  readonly host: string;
}

export function workerRegistry(run: Run): WorkerRegistry {
  return {
    async register(worker) {
      await run(REGISTER, [worker.id, worker.host, worker.bootId, worker.pid, worker.pool]);
    },
    async refresh(id) {
      return (await run(REFRESH, [id])).length === 1;
    },
    async retire(id) {
      await run('delete from worker where id = $1', [id]);
    },
    async lost(olderThanMs) {
      const rows = await run<{ id: string; attempt: number; worker_id: string }>(LOST, [olderThanMs]);
      return rows.map((row) => ({ composeId: row.id, attempt: row.attempt, workerId: row.worker_id }));
    },
    async forgetLost(olderThanMs) {
      await run("delete from worker where refreshed_at < clock_timestamp() - $1 * interval '1 millisecond'", [olderThanMs]);
    },
    async registerProcessGroup(composeId, attempt, group: ProcessGroup) {
      await run(REGISTER_GROUP, [composeId, attempt, group.pgid, group.startTime, group.bootId, group.host]);
    },
    async processGroups(of) {
      if ('host' in of) return (await run<GroupRow>(`${SELECT_GROUPS} where host = $1`, [of.host])).map(groupFrom);
      if (validId(of.composeId) === null) return [];
      return (await run<GroupRow>(`${SELECT_GROUPS} where compose_id = $1`, [of.composeId])).map(groupFrom);
    },
    async forgetProcessGroups(composeId, attempt) {
      await run('delete from process_group where compose_id = $1 and attempt <= $2', [composeId, attempt]);
    },
  };
}

function groupFrom(row: GroupRow): RegisteredProcessGroup {
  return { composeId: row.compose_id, attempt: row.attempt, pgid: row.pgid, startTime: row.start_time, bootId: row.boot_id, host: row.host };
}
