// Two processes on one database, as behind a load balancer.

import { describe, expect } from 'vitest';
import { startTestApi } from '../support/api.ts';
import { apiTest } from '../support/fixtures.ts';
import { Results, rootField, startTestServer } from '../support/http.ts';

const it = apiTest.extend('other', { scope: 'file' }, async ({ server }, { onCleanup }) => {
  const odcs = await startTestApi(server);
  const http = await startTestServer(odcs.api);
  onCleanup(async () => {
    await http.stop();
    await odcs.stop();
  });
  return http;
});

const WATCH = `subscription ($after: EventCursor) {
  composesChanged(after: $after, filter: { owners: ["wanderer"] }) { cursor seq compose { id state } }
}`;

interface Seen {
  readonly cursor: string;
  readonly seq: number;
  readonly compose: { readonly id: string };
}

describe('two processes', () => {
  it('serve a client that resumes at the other one after each cut, with every event once', async ({
    odcs,
    http,
    other,
  }) => {
    const composes = 40;
    let after = odcs.api.cursor(await odcs.api.head());
    const seen: Seen[] = [];
    const wander = async () => {
      for (let turn = 0; seen.length < composes * 3; turn += 1) {
        const client = (turn % 2 === 0 ? http : other).client();
        const results = new Results(client, { query: WATCH, variables: { after } });
        await results.count(Math.min(1 + (turn % 5), composes * 3 - seen.length));
        client.terminate();
        seen.push(...results.values<Seen>('composesChanged'));
        after = seen.at(-1)?.cursor ?? after;
      }
    };
    const work = async () => {
      for (let index = 0; index < composes; index += 1) await odcs.done([], { owner: 'wanderer' });
    };
    await Promise.all([wander(), work()]);
    const byCompose = Map.groupBy(seen, ({ compose }) => compose.id);
    expect(byCompose.size).toBe(composes);
    for (const events of byCompose.values()) expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('let a client watch a compose at one that it requested at the other', async ({ odcs, http, other }) => {
    const created = await http.query(
      'mutation { createCompose(input: { source: { repo: { repo: "/srv/repo" } } }) { compose { id } } }',
    );
    const { compose } = rootField<{ compose: { id: string } }>(created, 'createCompose');
    const { id } = compose;
    const results = new Results(other.client(), {
      query:
        'subscription ($id: ID!) { composeChanged(id: $id, untilDone: true) { kind seq compose { state progress { percent phase } } } }',
      variables: { id },
    });
    await results.count(1);
    const { attempt } = await odcs.begin(id);
    await results.count(2);
    await odcs.progress(id, attempt, 25);
    await results.count(3);
    await odcs.succeed(id);
    await results.completed;
    expect(results.values('composeChanged')).toMatchObject([
      { kind: 'SNAPSHOT', seq: 1, compose: { state: 'WAIT' } },
      { kind: 'STATE_CHANGED', seq: 2, compose: { state: 'GENERATING' } },
      { kind: 'PROGRESSED', seq: 2, compose: { progress: { percent: 25, phase: 'GATHER' } } },
      { kind: 'STATE_CHANGED', seq: 3, compose: { state: 'DONE' } },
    ]);
  });
});
