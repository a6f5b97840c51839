// The database is out of reach, for a moment or longer, with an error or silently. Each process of the fleet reaches it
// through a proxy of its own.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { installAuditTriggers } from '../support/chaos/audit-triggers.ts';
import { Fleet, type Instance } from '../support/chaos/fleet.ts';
import { readHistory } from '../support/chaos/history.ts';
import { fakePungiRepository } from '../support/cluster.ts';
import type { TestDatabase } from '../support/database.ts';
import { engineProcesses, workerPid } from '../support/engine-processes.ts';
import { databaseTest } from '../support/fixtures.ts';
import { startService, type ServiceProcess } from '../support/service-process.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { create, untilCompose, Watcher } from '../support/watcher.ts';

const BOUND_MS = 10_000;
const LIST = '{ composes(first: 1) { nodes { id } } }';

/** `fleet`: two api and two worker processes. `request`: creates a compose that fake-pungi makes, through the second api. */
const it = databaseTest
  .extend('fleet', { scope: 'file' }, async ({ directory, server }, { onCleanup }) => {
    const fleet = await Fleet.start({
      databaseUrl: server.url,
      directory,
      apis: 2,
      workers: ['pungi', 'pungi'],
      environment: { ODCS_DRAIN_SECONDS: '0' },
    });
    onCleanup(() => fleet.end());
    await installAuditTriggers(server.query);
    return fleet;
  })
  .extend('request', { scope: 'file' }, ({ directory, fleet }) => async (name: string, control: object) => {
    const repo = await fakePungiRepository(join(directory, name), control);
    return create(api(fleet, 1), { source: { repo: { repo, packages: ['hello'] } }, flags: ['NO_REUSE'] });
  });

it.afterEach(({ fleet }) => {
  for (const { proxy } of fleet.instances) proxy.restore();
});

function processOf({ name, process }: Instance): ServiceProcess {
  if (!process) throw new Error(`${name} has no process`);
  return process;
}

function instance(fleet: Fleet, role: 'apis' | 'workers', index: number): Instance {
  const found = fleet[role][index];
  if (!found) throw new Error(`The fleet has no ${role} ${index}`);
  return found;
}

function api(fleet: Fleet, index: number): ServiceProcess {
  return processOf(instance(fleet, 'apis', index));
}

async function health({ url }: ServiceProcess): Promise<{ ready: number; checks: object; alive: number }> {
  const [ready, alive] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/healthz`)]);
  const { checks } = (await ready.json()) as { checks: object };
  return { ready: ready.status, checks, alive: alive.status };
}

/** The instance whose worker generates the compose. */
async function workerOf(fleet: Fleet, server: TestDatabase, id: string): Promise<Instance> {
  const pid = await workerPid(server, id);
  const found = fleet.workers.find(({ process }) => process?.child.pid === pid);
  if (!found) throw new Error(`No worker of the fleet generates compose ${id}`);
  return found;
}

async function statesOf(server: TestDatabase, id: string): Promise<readonly string[]> {
  const { eventsOf } = await readHistory(server.query);
  return eventsOf(id).map(({ to, attempt }) => `${to} ${attempt}`);
}

describe('An api process without its database', { timeout: 60_000 }, () => {
  it.for([
    ['refuses connections', 'refuse'],
    ['does not answer', 'freeze'],
  ] as const)(
    'answers UPSTREAM_UNAVAILABLE within 10 s if the database %s, and recovers',
    async ([, outage], { fleet, request }) => {
      const { proxy } = instance(fleet, 'apis', 0);
      const cutOff = api(fleet, 0);
      const watcher = new Watcher((attempt) => api(fleet, attempt % 2));
      await watcher.connected;
      proxy[outage]();
      const askedAt = performance.now();
      const answers = await Promise.all([
        cutOff.query(LIST),
        cutOff.query(
          'mutation { createCompose(input: { source: { repo: { repo: "/srv/repo" } }, idempotencyKey: "in an outage" }) { compose { id } } }',
        ),
        cutOff.query('mutation { cancelCompose(input: { id: "1" }) { compose { id } } }'),
      ]);
      expect(performance.now() - askedAt).toBeLessThan(BOUND_MS);
      for (const { errors } of answers)
        expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
      expect(await health(cutOff)).toMatchObject({
        ready: 503,
        alive: 200,
        checks: { database: 'PostgreSQL cannot be reached' },
      });
      // A subscriber of this process must get the events of the outage later.
      const id = await request(`meanwhile-${outage}`, { timeScale: 0.001 });
      await untilCompose(api(fleet, 1), id, ({ state }) => state === 'DONE');
      proxy.restore();
      await watcher.untilState(id, 'DONE');
      watcher.stop();
      expect(watcher.eventsOf(id).map(({ seq, to }) => `${seq} ${to}`)).toEqual(['1 WAIT', '2 GENERATING', '3 DONE']);
      await expect.poll(async () => (await health(cutOff)).ready, { timeout: BOUND_MS }).toBe(200);
      expect((await cutOff.query(LIST)).errors).toBeUndefined();
    },
  );

  it('replaces half-open connections after the first one is detected', async ({ fleet, request }) => {
    const cutOff = api(fleet, 0);
    const watcher = new Watcher(() => cutOff);
    await watcher.connected;
    const queries = () => Promise.all(Array.from({ length: 6 }, () => cutOff.query(LIST)));
    // Opens several connections, which are idle when the network fails.
    await queries();
    instance(fleet, 'apis', 0).proxy.halfOpen();
    const askedAt = performance.now();
    const { errors } = await cutOff.query(LIST);
    expect(performance.now() - askedAt).toBeLessThan(BOUND_MS);
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
    expect((await queries()).every((answer) => answer.errors === undefined)).toBe(true);
    const id = await request('half-open', { timeScale: 0.001 });
    await watcher.untilState(id, 'DONE');
    watcher.stop();
    await expect.poll(async () => (await health(cutOff)).ready, { timeout: BOUND_MS }).toBe(200);
  });
});

describe('A worker that was frozen while its compose was generated elsewhere', { timeout: 60_000 }, () => {
  it('drops its superseded attempt without a change', async ({ directory, server, fleet, request }) => {
    const id = await request('frozen', { timeScale: 0.08 });
    await untilCompose(api(fleet, 1), id, ({ progress }) => progress !== null);
    const worker = processOf(await workerOf(fleet, server, id));
    worker.child.kill('SIGSTOP');
    await untilCompose(api(fleet, 1), id, ({ state, attempt }) => state === 'DONE' && attempt === 2);
    worker.child.kill('SIGCONT');
    await expect
      .poll(() => worker.log.some((entry) => entry['composeId'] === id && entry['msg'] === 'The attempt ended'), {
        timeout: 15_000,
      })
      .toBe(true);
    expect(await statesOf(server, id)).toEqual(['WAIT 0', 'GENERATING 1', 'WAIT 1', 'GENERATING 2', 'DONE 2']);
    const log = await readFile(join(directory, 'composes', `odcs-${id}`, 'logs/global/pungi.global.log'), 'utf8');
    expect(log).toContain(`/.attempts/${id}.2`);
    expect(log).not.toContain(`/.attempts/${id}.1`);
    // The worker has a lease again.
    await expect
      .poll(async () => (await server.query('select 1 from worker where pid = $1', [worker.child.pid])).length, {
        timeout: 10_000,
      })
      .toBe(1);
  });
});

describe('A worker without its database', { timeout: 60_000 }, () => {
  it('ends its engines when its lease has expired, and generates the compose again after the outage', async ({
    server,
    fleet,
    request,
  }) => {
    const [cutOff, other] = [instance(fleet, 'workers', 0), instance(fleet, 'workers', 1)];
    await fleet.kill(other);
    const id = await request('cut-off', { timeScale: 0.001, hang: 'GATHER' });
    await untilCompose(api(fleet, 1), id, ({ progress }) => progress?.phase === 'GATHER');
    const countEngines = await engineProcesses(server, id);
    const cutOffAt = performance.now();
    cutOff.proxy.freeze();
    await expect.poll(countEngines, { timeout: 20_000 }).toBe(0);
    // No other worker can have ended them. The time is that of the lease, two TERM and a KILL.
    expect(performance.now() - cutOffAt).toBeLessThan(14_000);
    cutOff.proxy.restore();
    await untilCompose(api(fleet, 1), id, ({ state, attempt }) => state === 'GENERATING' && attempt === 2);
    await api(fleet, 1).query('mutation ($id: ID!) { cancelCompose(input: { id: $id }) { compose { state } } }', {
      id,
    });
    expect((await statesOf(server, id)).at(-1)).toBe('FAILED 2');
  });
});

describe('A process that is started without its database', { timeout: 30_000 }, () => {
  it.for(['refuse', 'freeze'] as const)('exits with 1 and the reason (%s)', async (outage, { directory, server }) => {
    const proxy = await startTcpProxy(server.url);
    proxy[outage]();
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
  });
});
