// The database goes away: for a moment, for longer, silently. One api and one worker process are cut off by proxies of
// their own; others go on meanwhile.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { livingProcesses } from '../../src/os/process-table.ts';
import { Fleet, type Instance } from '../support/chaos/fleet.ts';
import { readHistory } from '../support/chaos/history.ts';
import { installAuditTriggers } from '../support/chaos/audit-triggers.ts';
import { fakePungiRepository } from '../support/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startService, type ServiceProcess } from '../support/service-process.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { Watcher, create, untilDone } from '../support/watcher.ts';

const BOUND_MS = 10_000;

let directory: string;
let database: TestDatabase;
let fleet: Fleet;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-outage-'));
  database = await createTestDatabase();
  fleet = await Fleet.start({
    databaseUrl: database.url,
    directory,
    apis: 2,
    workers: ['pungi', 'pungi'],
    environment: { ODCS_DRAIN_SECONDS: '0' },
  });
  await installAuditTriggers(database.query);
}, 60_000);

afterEach(() => {
  for (const { proxy } of fleet.instances) proxy.restore();
});

afterAll(async () => {
  await fleet.end();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

function running(place: Instance | undefined): ServiceProcess {
  if (!place?.process) throw new Error('no process there');
  return place.process;
}

function place(role: 'apis' | 'workers', index: number): Instance {
  const found = fleet[role][index];
  if (!found) throw new Error(`no such place: ${role} ${index}`);
  return found;
}

async function request(name: string, control: object): Promise<string> {
  const repo = await fakePungiRepository(join(directory, name), control);
  return create(running(place('apis', 1)), { source: { repo: { repo, packages: ['hello'] } }, flags: ['NO_REUSE'] });
}

async function readiness(
  api: ServiceProcess,
): Promise<{ ready: number; checks: Record<string, unknown>; alive: number }> {
  const [ready, alive] = await Promise.all([fetch(`${api.url}/readyz`), fetch(`${api.url}/healthz`)]);
  return {
    ready: ready.status,
    checks: ((await ready.json()) as { checks: Record<string, unknown> }).checks,
    alive: alive.status,
  };
}

/** The place whose worker generates it now. */
async function holderOf(id: string): Promise<Instance> {
  const [row] = await database.query<{ pid: number }>(
    'select w.pid from compose c join worker w on w.id = c.worker_id where c.id = $1',
    [id],
  );
  const found = fleet.workers.find(({ process }) => process?.child.pid === row?.pid);
  if (!found) throw new Error(`nobody generates compose ${id}`);
  return found;
}

async function engineOf(id: string): Promise<() => Promise<number>> {
  const groups = (
    await database.query<{ pgid: number }>('select pgid from process_group where compose_id = $1', [id])
  ).map(({ pgid }) => pgid);
  expect(groups.length).toBeGreaterThan(0);
  return async () => (await livingProcesses()).filter(({ processGroup }) => groups.includes(processGroup)).length;
}

async function walkOf(id: string): Promise<readonly string[]> {
  const { eventsOf } = await readHistory(database.query);
  return eventsOf(id).map(({ to, attempt }) => `${to} ${attempt}`);
}

describe('an api process whose database', () => {
  for (const [outage, lose] of [
    ['refuses connections', 'refuse'],
    ['does not answer', 'freeze'],
  ] as const) {
    it(`${outage} says so within 10 s, lives on, and recovers by itself`, async () => {
      const { proxy } = place('apis', 0);
      const api = running(place('apis', 0));
      const watcher = new Watcher((attempt) => running(place('apis', attempt % 2)));
      await watcher.connected;
      proxy[lose]();
      const asked = performance.now();
      const answers = await Promise.all([
        api.query('{ composes(first: 1) { nodes { id } } }'),
        api.query(
          'mutation { createCompose(input: { source: { repo: { repo: "/srv/repo" } }, idempotencyKey: "in an outage" }) { compose { id } } }',
        ),
        api.query('mutation { cancelCompose(input: { id: "1" }) { compose { id } } }'),
      ]);
      expect(performance.now() - asked).toBeLessThan(BOUND_MS);
      for (const { errors } of answers)
        expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
      expect(await readiness(api)).toMatchObject({
        ready: 503,
        alive: 200,
        checks: { database: 'PostgreSQL cannot be reached' },
      });
      // What happens meanwhile elsewhere is not lost to those who watch here.
      const id = await request(`meanwhile-${lose}`, { timeScale: 0.001 });
      await untilDone(running(place('apis', 1)), id, ({ state }) => state === 'DONE');
      proxy.restore();
      await watcher.until((seen) => seen.some((event) => event.id === id && event.to === 'DONE'));
      watcher.stop();
      expect(watcher.seen.filter((event) => event.id === id).map(({ seq, to }) => `${seq} ${to}`)).toEqual([
        '1 WAIT',
        '2 GENERATING',
        '3 DONE',
      ]);
      await expect.poll(async () => (await readiness(api)).ready, { timeout: BOUND_MS }).toBe(200);
      expect((await api.query('{ composes(first: 1) { nodes { id } } }')).errors).toBeUndefined();
    }, 60_000);
  }

  it('is behind connections that went half-open notices, and makes others', async () => {
    const api = running(place('apis', 0));
    const watcher = new Watcher(() => api);
    await watcher.connected;
    // Connections enough to be idle when it happens.
    await Promise.all(Array.from({ length: 6 }, () => api.query('{ composes(first: 1) { nodes { id } } }')));
    place('apis', 0).proxy.halfOpen();
    const asked = performance.now();
    const { errors } = await api.query('{ composes(first: 1) { nodes { id } } }');
    expect(performance.now() - asked).toBeLessThan(BOUND_MS);
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
    // All of them were, not only the one that was found out.
    const again = await Promise.all(
      Array.from({ length: 6 }, () => api.query('{ composes(first: 1) { nodes { id } } }')),
    );
    expect(again.every((answer) => answer.errors === undefined)).toBe(true);
    const id = await request('half-open', { timeScale: 0.001 });
    await watcher.until((seen) => seen.some((event) => event.id === id && event.to === 'DONE'));
    watcher.stop();
    await expect.poll(async () => (await readiness(api)).ready, { timeout: BOUND_MS }).toBe(200);
  }, 60_000);
});

describe('a worker', () => {
  it('that was frozen while its engine ended finds its attempt stale, and changes nothing', async () => {
    const id = await request('frozen', { timeScale: 0.08 });
    await untilDone(running(place('apis', 1)), id, ({ progress }) => progress !== null);
    const frozen = await holderOf(id);
    running(frozen).child.kill('SIGSTOP');
    await untilDone(running(place('apis', 1)), id, ({ state, attempt }) => state === 'DONE' && attempt === 2);
    running(frozen).child.kill('SIGCONT');
    const { log } = running(frozen);
    await expect
      .poll(() => log.some((entry) => entry['composeId'] === id && entry['msg'] === 'The attempt ended'), {
        timeout: 15_000,
      })
      .toBe(true);
    expect(await walkOf(id)).toEqual(['WAIT 0', 'GENERATING 1', 'WAIT 1', 'GENERATING 2', 'DONE 2']);
    const pungiLog = await readFile(
      join(directory, 'composes', `odcs-${id}`, 'logs', 'global', 'pungi.global.log'),
      'utf8',
    );
    expect(pungiLog).toContain(`/.attempts/${id}.2`);
    expect(pungiLog).not.toContain(`/.attempts/${id}.1`);
    // It is among the workers again.
    await expect
      .poll(
        async () => (await database.query('select 1 from worker where pid = $1', [running(frozen).child.pid])).length,
        { timeout: 10_000 },
      )
      .toBe(1);
  }, 60_000);

  it('that is cut off from the database ends its engines by its own clock, and starts again when it is back', async () => {
    const [alone, other] = [place('workers', 0), place('workers', 1)];
    await fleet.kill(other);
    const id = await request('cut-off', { timeScale: 0.001, hang: 'GATHER' });
    await untilDone(running(place('apis', 1)), id, ({ progress }) => progress?.phase === 'GATHER');
    const left = await engineOf(id);
    const cut = performance.now();
    alone.proxy.freeze();
    await expect.poll(left, { timeout: 20_000 }).toBe(0);
    // Nobody else was there to end it. Lease, TERM, TERM, KILL.
    expect(performance.now() - cut).toBeLessThan(14_000);
    alone.proxy.restore();
    await untilDone(running(place('apis', 1)), id, ({ state, attempt }) => state === 'GENERATING' && attempt === 2);
    await running(place('apis', 1)).query(
      'mutation ($id: ID!) { cancelCompose(input: { id: $id }) { compose { state } } }',
      { id },
    );
    expect((await walkOf(id)).at(-1)).toBe('FAILED 2');
  }, 60_000);
});

describe('a process that is started while the database', () => {
  it('is away, or does not answer, ends with 1 and says why', async () => {
    const start = async (lose: 'refuse' | 'freeze') => {
      const proxy = await startTcpProxy(database.url);
      proxy[lose]();
      try {
        const started = startService({
          DATABASE_URL: proxy.url,
          ODCS_ROLE: 'api',
          ODCS_DATA_DIR: join(directory, 'late'),
          HOST: '127.0.0.1',
        });
        await expect(started).rejects.toThrow(/ended with 1 .*PostgreSQL cannot be reached/s);
      } finally {
        await proxy.close();
      }
    };
    await Promise.all([start('refuse'), start('freeze')]);
  }, 30_000);
});
