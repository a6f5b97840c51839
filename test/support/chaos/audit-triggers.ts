// Triggers that store what the service's tables do not keep: which process began which attempt, and which process groups
// its engines had. They run in the transactions of the service, and so store what was committed.

import type { Query } from './history.ts';

const TABLES = `
  create schema chaos;
  create table chaos.claim (compose_id bigint, attempt int, pid int);
  create table chaos.engine (compose_id bigint, attempt int, pgid int, start_time text, at timestamptz default clock_timestamp());
  create table chaos.worker as select id, pid from public.worker;
  create function chaos.keep_worker() returns trigger language plpgsql as $$
  begin
    insert into chaos.worker values (new.id, new.pid);
    return null;
  end $$;
  -- The row of a worker whose lease expired is deleted, so its pid is copied.
  create function chaos.keep_claim() returns trigger language plpgsql as $$
  begin
    insert into chaos.claim select new.id, new.attempt, w.pid from chaos.worker w where w.id = new.worker_id limit 1;
    return null;
  end $$;
  create function chaos.keep_engine() returns trigger language plpgsql as $$
  begin
    insert into chaos.engine (compose_id, attempt, pgid, start_time) values (new.compose_id, new.attempt, new.pgid, new.start_time);
    return null;
  end $$;
  create trigger chaos_worker after insert on public.worker for each row execute function chaos.keep_worker();
  create trigger chaos_claim after update of attempt on public.compose for each row when (new.attempt > old.attempt) execute function chaos.keep_claim();
  create trigger chaos_engine after insert on public.process_group for each row execute function chaos.keep_engine();`;

export async function installAuditTriggers(query: Query): Promise<void> {
  await query(TABLES);
}

export interface Engine {
  readonly id: string;
  readonly attempt: number;
  readonly pgid: number;
  readonly startTime: string;
}

/** Older process group numbers may be reused; such engines are found by their environment instead. */
const ENGINES_OF_ENDED = `
  select e.compose_id as id, e.attempt, e.pgid, e.start_time as "startTime" from chaos.engine e
  where e.at > clock_timestamp() - interval '2 minutes' and not exists (
    select 1 from compose c where c.id = e.compose_id and c.state = 'GENERATING' and c.attempt = e.attempt
  )`;

/** Engines of attempts that have ended; none of their processes may be alive. */
export function enginesOfEndedAttempts(query: Query): Promise<readonly Engine[]> {
  return query<Engine>(ENGINES_OF_ENDED);
}
