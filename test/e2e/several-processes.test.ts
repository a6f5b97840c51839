import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { Watcher, create, untilDone } from '../support/watcher.ts';
import { livingProcesses } from '../../src/os/process-table.ts';

let cluster: Cluster;
let quick: string;
let stubborn: string;

beforeAll(async () => {
  cluster = await startCluster({ apis: 2, workers: 2, engine: 'pungi', environment: { ODCS_CONCURRENCY: '3' } });
  quick = await cluster.repository('quick', { timeScale: 0.001 });
  stubborn = await cluster.repository('stubborn', { timeScale: 0.001, hang: 'GATHER', stubborn: true });
}, 120_000);

afterAll(() => cluster.stop());

function api(index: number) {
  const found = cluster.apis[index % cluster.apis.length];
  if (!found) throw new Error('no api process');
  return found;
}

describe('two api and two worker processes on one database', () => {
  it('show a subscriber of one what is asked of the other, in order, once, over every cut', async () => {
    const watcher = new Watcher((attempt) => api(attempt));
    await watcher.connected;
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      ids.push(await create(api(1), { source: { repo: { repo: quick, packages: ['hello'] } } }));
      if (n % 4 === 3) watcher.cut();
    }
    await watcher.until((seen) => ids.every((id) => seen.some(({ id: seenId, to }) => seenId === id && to === 'DONE')));
    watcher.stop();
    for (const id of ids) {
      expect(watcher.seen.filter((event) => event.id === id).map(({ seq, to }) => `${seq} ${to}`)).toEqual([
        '1 WAIT',
        '2 GENERATING',
        '3 DONE',
      ]);
    }
    expect(new Set(watcher.seen.map(({ cursor }) => cursor)).size).toBe(watcher.seen.length);
    const workers = await cluster.database.query('select distinct host from worker');
    expect(workers).toHaveLength(1);
  }, 120_000);

  it('end a cancelled compose, engine, grandchildren and all, within 7 s, and publish nothing', async () => {
    const id = await create(api(0), { source: { repo: { repo: stubborn, packages: ['hello'] } } });
    await untilDone(api(0), id, ({ progress }) => progress?.phase === 'GATHER');
    const engines = async () =>
      (
        await cluster.database.query<{ pgid: number }>('select pgid from process_group where compose_id = $1', [id])
      ).map(({ pgid }) => pgid);
    const groups = await engines();
    expect(groups.length).toBeGreaterThan(0);
    const asked = performance.now();
    const { data } = await api(1).query(
      'mutation ($id: ID!) { cancelCompose(input: { id: $id, reason: "a test" }) { compose { state stateReason failure { code } } } }',
      { id },
    );
    const took = performance.now() - asked;
    expect(data).toMatchObject({
      cancelCompose: {
        compose: {
          state: 'FAILED',
          stateReason: expect.stringContaining('a test') as string,
          failure: { code: 'CANCELED' },
        },
      },
    });
    expect(took).toBeLessThan(7_500);
    expect((await livingProcesses()).filter(({ processGroup }) => groups.includes(processGroup))).toEqual([]);
    expect(existsSync(join(cluster.targetDir, `odcs-${id}`))).toBe(false);
    expect(readdirSync(join(cluster.targetDir, '.attempts')).filter((name) => name.startsWith(`${id}.`))).toEqual([]);
  }, 60_000);

  it('generate elsewhere, within 15 s, what a killed worker had begun', async () => {
    const slow = await cluster.repository('slow', { timeScale: 0.15 });
    const id = await create(api(0), { source: { repo: { repo: slow, packages: ['hello'] } } });
    await untilDone(api(0), id, ({ progress }) => progress !== null);
    const [holder] = await cluster.database.query<{ pid: number }>(
      'select w.pid from compose c join worker w on w.id = c.worker_id where c.id = $1',
      [id],
    );
    const victim = cluster.workers.find(({ child }) => child.pid === holder?.pid);
    const killed = performance.now();
    await victim?.end('SIGKILL');
    await untilDone(api(0), id, ({ attempt, state }) => attempt === 2 && state === 'GENERATING');
    expect(performance.now() - killed).toBeLessThan(15_000);
    const last = await untilDone(api(0), id, ({ state }) => state === 'DONE');
    expect(last).toMatchObject({ attempt: 2, state: 'DONE' });
    await cluster.startWorker();
  }, 60_000);

  it('hand back at once what a stopped worker runs when it is told twice, without costing an attempt', async () => {
    const worker = await cluster.startWorker();
    await Promise.all(cluster.workers.filter((each) => each !== worker).map((each) => each.end('SIGKILL')));
    const slow = await cluster.repository('hanging', { timeScale: 0.01, hang: 'GATHER' });
    const id = await create(api(0), { source: { repo: { repo: slow, packages: ['hello'] } } });
    await untilDone(api(0), id, ({ progress }) => progress?.phase === 'GATHER');
    worker.child.kill('SIGTERM');
    // Two signals of a kind may arrive as one.
    await worker.logged('Stopping');
    expect(await worker.end('SIGTERM')).toBe(0);
    await writeFile(join(slow, 'fake-pungi.json'), JSON.stringify({ timeScale: 0.01 }));
    const [row] = await cluster.database.query('select state, losses from compose where id = $1', [id]);
    expect(row).toEqual({ state: 'WAIT', losses: 0 });
    await cluster.startWorker();
    expect(await untilDone(api(0), id, ({ state }) => state === 'DONE')).toMatchObject({ attempt: 2 });
  }, 90_000);
});
