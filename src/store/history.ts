// How long composes took, and how much is being worked on: bounded reads, each of them by an index.

import type { History, RunStatement } from '../app/ports.ts';
import { prepared } from './prepared.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';

const GENERATED = 'c.done_at is not null and c.failure is null and c.attempt > 0 and c.reuses is null';
const MS = 'extract(epoch from c.done_at - c.started_at)::float8 * 1000 as ms';
const LIKE = 'compose_likeness(c.source, c.arches) = compose_likeness($1::jsonb, $2::text[])';
// Those of the same source say more than those of the same kind, where there are some. Before one is begun, its engine
// will be the one that made the latest like it.
const TYPICAL = prepared(`
  with engine as materialized (
    select coalesce($4, (select c.engine_name from compose c where ${LIKE} and ${GENERATED} and c.engine_name is not null order by c.done_at desc limit 1)) as name
  ), own as (
    select ${MS} from compose c
    where ${LIKE} and hashtextextended(c.source_key, 0) = hashtextextended($3, 0) and c.engine_name = (select name from engine) and ${GENERATED}
    order by c.done_at desc limit 9
  ), alike as (
    select ${MS} from compose c where ${LIKE} and c.engine_name = (select name from engine) and ${GENERATED} order by c.done_at desc limit 25
  )
  select percentile_cont(0.5) within group (order by ms) as ms from (
    select ms from own where (select count(*) from own) >= 3 union all select ms from alike where (select count(*) from own) < 3
  ) known`);
const LOAD = prepared(`
  with serving as (select id, concurrency from worker where $1 = any(pools) and refreshed_at > clock_timestamp() - interval '6 seconds')
  select
    (select coalesce(sum(concurrency), 0)::int from serving) as slots,
    (select count(*)::int from compose where worker_id in (select id from serving) and state = 'GENERATING') as running,
    (select avg(ms) from (select ${MS} from (select * from compose where done_at is not null order by done_at desc, id desc limit 200) c where ${GENERATED} limit 50) recent) as ms`);

export function history(run: RunStatement): History {
  return {
    async typicalMs({ source, arches, engineName }) {
      const [row] = await run<{ ms: number | null }>(TYPICAL, [
        JSON.stringify(source),
        arches,
        sourceKey(source),
        engineName,
      ]);
      return row?.ms ?? null;
    },
    async load(pool) {
      const [row] = await run<{ slots: number; running: number; ms: number | null }>(LOAD, [pool]);
      return { slots: row?.slots ?? 0, running: row?.running ?? 0, meanMs: row?.ms ?? null };
    },
  };
}
