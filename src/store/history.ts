// How long composes took, and how busy workers are. Every read is bounded, and has an index.

import { sql } from 'kysely';
import type { History } from '../app/ports.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';
import type { Em } from './em.ts';
import { statement } from './prepared.ts';

// The conditions of the indexes compose_alike*: raw, because the planner must see them exactly as the migration has them.
const GENERATED = sql`c.done_at is not null and c.failure is null and c.attempt > 0 and c.reuses is null`;
const MS = sql`extract(epoch from c.done_at - c.started_at)::float8 * 1000 as ms`;

interface Likeness {
  readonly source: string;
  readonly sourceKey: string;
  readonly arches: readonly string[];
  readonly engineName: string | null;
}

/**
 * The median time of composes with the same source, if there are three, else of similar composes; each by the same engine.
 * A compose that was never begun is expected to get the engine of the latest similar one.
 */
const typical = statement((_db, { source, sourceKey: key, arches, engineName }: Likeness) => {
  const similar = sql`compose_likeness(c.source, c.arches) = compose_likeness(${source}::jsonb, ${arches}::text[])`;
  const sameSource = sql`hashtextextended(c.source_key, 0) = hashtextextended(${key}, 0)`;
  return sql<{ ms: number | null }>`
    with engine as materialized (
      select coalesce(${engineName}, (
        select c.engine_name from compose c
        where ${similar} and ${GENERATED} and c.engine_name is not null order by c.done_at desc limit 1
      )) as name
    ), own as (
      select ${MS} from compose c
      where ${similar} and ${sameSource} and c.engine_name = (select name from engine) and ${GENERATED}
      order by c.done_at desc limit 9
    ), alike as (
      select ${MS} from compose c
      where ${similar} and c.engine_name = (select name from engine) and ${GENERATED}
      order by c.done_at desc limit 25
    )
    select percentile_cont(0.5) within group (order by ms) as ms from (
      select ms from own where (select count(*) from own) >= 3
      union all select ms from alike where (select count(*) from own) < 3
    ) known`;
});

const loadOf = statement(
  (_db, pool: string) => sql<{ slots: number; running: number; ms: number | null }>`
    with serving as (
      select id, concurrency from worker
      where ${pool} = any(pools) and refreshed_at > clock_timestamp() - interval '6 seconds'
    ), latest as (
      select * from compose where done_at is not null order by done_at desc, id desc limit 200
    ), recent as (
      select ${MS} from latest c where ${GENERATED} limit 50
    )
    select
      (select coalesce(sum(concurrency), 0)::int from serving) as slots,
      (select count(*)::int from compose where worker_id in (select id from serving) and state = 'GENERATING') as running,
      (select avg(ms) from recent) as ms`,
);

export function history(em: Em): History {
  return {
    async typicalMs({ source, arches, engineName }) {
      const likeness = { source: JSON.stringify(source), sourceKey: sourceKey(source), arches, engineName };
      const [row] = await typical(em, likeness);
      return row?.ms ?? null;
    },
    async load(pool) {
      const [row] = await loadOf(em, pool);
      return { slots: row?.slots ?? 0, running: row?.running ?? 0, meanMs: row?.ms ?? null };
    },
  };
}
