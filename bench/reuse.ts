// The look-up of a result to reuse, among 1,000 and among 1,000,000 composes, in turn.

import { filledDatabase, median, withClient, type BenchOptions } from './support.ts';

const LOOK_UP = `
  select * from compose c
  where c.digest = $1 and c.reuses is null and c.state in ('GENERATING', 'DONE') and c.cancel_requested_at is null and c.removing_at is null for share`;

export async function benchReuse({ databaseUrl }: BenchOptions): Promise<void> {
  const small = await timed(await filledDatabase(databaseUrl, 1_000));
  const large = await timed(await filledDatabase(databaseUrl, 1_000_000));
  console.log(
    `look-up among 1,000: ${small.ms.toFixed(3)} ms; among 1,000,000: ${large.ms.toFixed(3)} ms (${(large.ms / small.ms).toFixed(2)} times)`,
  );
  console.log(large.plan);
}

async function timed(url: string): Promise<{ readonly ms: number; readonly plan: string }> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ digest: string }>(
      "select digest from compose where state = 'DONE' order by random() limit 500",
    );
    const times: number[] = [];
    for (const { digest } of rows) {
      const started = performance.now();
      await client.query({ name: 'look-up', text: LOOK_UP, values: [digest] });
      times.push(performance.now() - started);
    }
    const plan = await client.query<{ 'QUERY PLAN': string }>(
      `explain ${LOOK_UP.replace('$1', `'${rows[0]?.digest}'`)}`,
    );
    return { ms: median(times), plan: plan.rows.map((row) => row['QUERY PLAN']).join('\n') };
  });
}
