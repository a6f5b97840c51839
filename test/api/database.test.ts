// The API on the real store and feed: what the ports in memory cannot show.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompose } from '../../src/app/create-compose.ts';
import { pinCompose, unpinCompose } from '../../src/app/pin-compose.ts';
import { renewCompose } from '../../src/app/renew-compose.ts';
import type { ComposeStore, EventLog } from '../../src/app/ports.ts';
import { advance, type LifecycleEvent } from '../../src/compose/machine.ts';
import { granted, refused } from '../../src/compose/refusal.ts';
import { eventCursors } from '../../src/events/cursor.ts';
import type { RequestRules } from '../../src/compose/validate-request.ts';
import { EventFeed } from '../../src/events/feed.ts';
import type { Api } from '../../src/app/api.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { Results, startTestServer, type TestServer } from '../support/http.ts';
import { INSTANCE, InMemoryApi } from '../support/in-memory-api.ts';
import { silentLogger } from '../support/logger.ts';

const RULES: RequestRules = {
  arches: ['x86_64'],
  targetDirs: ['default'],
  secondsToLive: 86_400,
  maxSecondsToLive: 259_200,
  repoRoots: ['/'],
  urlAllow: undefined,
  capabilities: new Map([['REPO', new Set(['REPOSITORY'] as const)]]),
  sigkeys: [],
  rawConfigs: [],
  hasMbs: true,
  baseModules: ['platform', 'bootstrap'],
  moduleDefaultsUrls: undefined,
};

interface Process {
  readonly database: Database;
  readonly store: ComposeStore;
  readonly log: EventLog;
  readonly feed: EventFeed;
  readonly server: TestServer;
}

let testDatabase: TestDatabase;
let one: Process;
let two: Process;

async function startProcess(): Promise<Process> {
  const database = await openTestDatabase(testDatabase);
  const store = composeStore(database, noQueue);
  const log = eventLog(database.run);
  const progress = progressStore(database.run);
  const feed = new EventFeed({ url: testDatabase.url, logger: silentLogger, log, progress, composes: store });
  await feed.start();
  const { clock, settings, results, engines } = new InMemoryApi();
  const api: Api = {
    create: (viewer, input) => createCompose({ store, clock, rules: RULES }, viewer, input),
    plan: async () => refused({ code: 'NOT_FOUND', message: 'Not planned here' }),
    diff: async () => granted({ added: [], removed: [], upgraded: [], downgraded: [] }),
    cancel: async () => granted(await change('1', { type: 'GIVE_UP', at: new Date() })),
    estimate: async () => null,
    pin: (viewer, input) => pinCompose({ store, clock, rules: { maxLosses: 3 } }, viewer, input),
    unpin: (viewer, input) => unpinCompose({ store, clock, rules: { maxLosses: 3 } }, viewer, input),
    renew: (viewer, input) =>
      renewCompose({ store, clock, requestRules: RULES, rules: { maxLosses: 3 } }, viewer, input),
    remove: async () => granted(await change('1', { type: 'GIVE_UP', at: new Date() })),
    store,
    events: log,
    feed,
    progress,
    packages: packageStore(database.run),
    results,
    engines,
    clock,
    settings,
    cursors: eventCursors(INSTANCE),
  };
  return { database, store, log, feed, server: await startTestServer(api) };
}

async function change(id: string, event: LifecycleEvent) {
  return one.store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    const next = compose && advance(compose, event, { maxLosses: 3 });
    if (!compose || !next) throw new Error(`compose ${id} refuses ${event.type}`);
    return tx.save(compose, next, { kind: 'STATE_CHANGED', at: event.at, by: 'system', reason: null });
  });
}

async function insert(
  overrides: { readonly owner?: string; readonly submittedAt?: Date; readonly expiresAt?: Date } = {},
) {
  const { aCompose } = await import('../support/composes.ts');
  return one.store.transaction((tx) => tx.insert({ ...aCompose(), ...overrides }, null));
}

async function run(id: string): Promise<void> {
  const at = new Date();
  const begun = await change(id, { type: 'BEGIN', at, workerId: '00000000-0000-4000-8000-000000000001' });
  await change(id, { type: 'SUCCEED', at, attempt: begun.attempt });
}

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  one = await startProcess();
  two = await startProcess();
});
afterAll(async () => {
  for (const { server, feed, database } of [one, two]) {
    await server.stop();
    await feed.stop();
    await database.close();
  }
  await testDatabase.drop();
});

describe('on PostgreSQL', () => {
  it('paging yields each compose exactly once, forwards and backwards, in every order', async () => {
    const { T0 } = await import('../support/composes.ts');
    for (let index = 0; index < 23; index += 1) {
      const time = (step: number) => new Date(T0.getTime() + ((index * step) % 4) * 1_000);
      const { id } = await insert({ owner: 'pager', submittedAt: time(3), expiresAt: time(7) });
      if (index % 3 === 0) await run(id);
    }
    const query = `query ($field: ComposeOrderField!, $way: OrderDirection!, $first: Int, $after: String, $last: Int, $before: String) {
      composes(filter: { owners: ["pager"] }, orderBy: { field: $field, direction: $way }, first: $first, after: $after, last: $last, before: $before) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    interface Shown {
      readonly nodes: readonly { readonly id: string }[];
      readonly pageInfo: {
        readonly hasNextPage: boolean;
        readonly hasPreviousPage: boolean;
        readonly startCursor: string;
        readonly endCursor: string;
      };
    }
    const walk = async (field: string, way: string, size: number, backwards: boolean) => {
      const ids: string[] = [];
      for (let cursor: string | null = null; ;) {
        const { data, errors } = await one.server.query(query, {
          field,
          way,
          ...(backwards ? { last: size, before: cursor } : { first: size, after: cursor }),
        });
        expect(errors).toBeUndefined();
        const { nodes, pageInfo } = (data ?? {})['composes'] as Shown;
        const found = nodes.map(({ id }) => id);
        ids.splice(backwards ? 0 : ids.length, 0, ...found);
        cursor = backwards ? pageInfo.startCursor : pageInfo.endCursor;
        if (!(backwards ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return ids;
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('ID', 'SUBMITTED_AT', 'DONE_AT', 'EXPIRES_AT', 'REMOVED_AT'),
        fc.constantFrom('ASC', 'DESC'),
        fc.integer({ min: 3, max: 30 }),
        async (field, way, size) => {
          const forwards = await walk(field, way, size, false);
          expect(new Set(forwards).size).toBe(23);
          expect(forwards).toHaveLength(23);
          expect(await walk(field, way, size, true)).toEqual(forwards);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('a client that is cut off and goes on at another process misses nothing and sees nothing twice', async () => {
    const WATCH =
      'subscription ($after: EventCursor) { composesChanged(after: $after, filter: { owners: ["wanderer"] }) { cursor seq compose { id state } } }';
    interface Seen {
      readonly cursor: string;
      readonly seq: number;
      readonly compose: { readonly id: string };
    }
    const page = (await one.server.query('{ composes { asOf } }')).data?.['composes'] as { asOf: string };
    const composes = 12;
    const seen: Seen[] = [];
    const wander = async () => {
      for (let after = page.asOf, turn = 0; seen.length < composes * 3; turn += 1) {
        const client = (turn % 2 === 0 ? one : two).server.client();
        const results = new Results(client, { query: WATCH, variables: { after } });
        await results.count(Math.min(1 + (turn % 5), composes * 3 - seen.length));
        client.terminate();
        seen.push(...results.values<Seen>('composesChanged'));
        after = seen.at(-1)?.cursor ?? after;
      }
    };
    const work = async () => {
      for (let index = 0; index < composes; index += 1) await run((await insert({ owner: 'wanderer' })).id);
    };
    await Promise.all([wander(), work()]);
    const bySeq = Map.groupBy(seen, ({ compose }) => compose.id);
    expect(bySeq.size).toBe(composes);
    for (const events of bySeq.values()) expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('a compose that is requested at one process is watched at the other', async () => {
    const created = await one.server.query(
      'mutation { createCompose(input: { source: { repo: { repo: "/srv/repo" } } }) { compose { id } } }',
    );
    expect(created.errors).toBeUndefined();
    const { id } = ((created.data ?? {})['createCompose'] as { compose: { id: string } }).compose;
    const results = new Results(two.server.client(), {
      query:
        'subscription ($id: ID!) { composeChanged(id: $id, untilDone: true) { kind seq compose { state progress { percent phase } } } }',
      variables: { id },
    });
    await results.count(1);
    const begun = await change(id, { type: 'BEGIN', at: new Date(), workerId: '00000000-0000-4000-8000-000000000001' });
    await results.count(2);
    await progressStore(one.database.run).put(id, {
      attempt: begun.attempt,
      percent: 25,
      phase: 'GATHER',
      message: null,
      updatedAt: new Date(),
    });
    await results.count(3);
    await change(id, { type: 'SUCCEED', at: new Date(), attempt: begun.attempt });
    await results.completed;
    expect(results.values('composeChanged')).toMatchObject([
      { kind: 'SNAPSHOT', seq: 1, compose: { state: 'WAIT' } },
      { kind: 'STATE_CHANGED', seq: 2, compose: { state: 'GENERATING' } },
      { kind: 'PROGRESSED', seq: 2, compose: { progress: { percent: 25, phase: 'GATHER' } } },
      { kind: 'STATE_CHANGED', seq: 3, compose: { state: 'DONE' } },
    ]);
  });

  it('odd texts in a filter find nothing and break nothing', async () => {
    const odd = ["'; drop table compose; --", '%', '\\', '💾', 'a'.repeat(10_000)];
    for (const text of odd) {
      const { data, errors } = await one.server.query(
        'query ($t: String!, $id: ID!) { composes(filter: { owners: [$t], source: $t, label: $t, pungiComposeId: $t, ids: [$id] }) { totalCount nodes { id } } composeEvents(filter: { owners: [$t] }) { nodes { seq } } compose(id: $id) { id } }',
        { t: text, id: text },
      );
      expect(errors).toBeUndefined();
      expect(data).toEqual({ composes: { totalCount: 0, nodes: [] }, composeEvents: { nodes: [] }, compose: null });
    }
    for (const time of [
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-10:00',
      '0001-01-01T00:00:00+10:00',
      '2026-02-30T00:00:00',
      'yesterday',
    ]) {
      const { errors } = await one.server.query(
        'query ($t: DateTime!) { composes(filter: { submittedAfter: $t, submittedBefore: $t }) { totalCount } }',
        { t: time },
      );
      expect(errors).toMatchObject([
        { extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'filter.submittedAfter' }] } },
      ]);
    }
    const edge = await one.server.query(
      '{ composes(filter: { submittedAfter: "0001-01-01T00:00:00Z", submittedBefore: "9999-12-31T23:59:59.999Z" }) { totalCount } }',
    );
    expect(edge.errors).toBeUndefined();
  });
});
