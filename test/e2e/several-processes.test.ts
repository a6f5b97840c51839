// Two api and two worker processes on one database.

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { engineProcesses, workerPid } from '../support/engine-processes.ts';
import { clusterTest } from '../support/fixtures.ts';
import { rootField } from '../support/http.ts';
import { create, untilCompose, Watcher } from '../support/watcher.ts';

const it = clusterTest.override('processes', {
  apis: 2,
  workers: 2,
  engine: 'pungi',
  environment: { ODCS_CONCURRENCY: '3' },
});

function requestOf(repo: string): object {
  return { source: { repo: { repo, packages: ['hello'] } } };
}

describe('A subscriber of one process', { timeout: 120_000 }, () => {
  it('gets the events of composes of another process in order and once, over broken connections', async ({
    cluster,
  }) => {
    const repo = await cluster.repository('quick', { timeScale: 0.001 });
    const watcher = new Watcher((attempt) => cluster.api(attempt));
    await watcher.connected;
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      ids.push(await create(cluster.api(1), requestOf(repo)));
      if (n % 4 === 3) watcher.cut();
    }
    await Promise.all(ids.map((id) => watcher.untilState(id, 'DONE')));
    watcher.stop();
    for (const id of ids) {
      expect(watcher.eventsOf(id).map(({ seq, to }) => `${seq} ${to}`)).toEqual(['1 WAIT', '2 GENERATING', '3 DONE']);
    }
    expect(new Set(watcher.seen.map(({ cursor }) => cursor)).size).toBe(watcher.seen.length);
    const hosts = await cluster.database.query('select distinct host from worker');
    expect(hosts).toHaveLength(1);
  });
});

describe('A canceled compose', { timeout: 60_000 }, () => {
  it('has no engine process after 7.5 s and is not published', async ({ cluster }) => {
    const repo = await cluster.repository('stubborn', { timeScale: 0.001, hang: 'GATHER', stubborn: true });
    const id = await create(cluster.api(0), requestOf(repo));
    await untilCompose(cluster.api(0), id, ({ progress }) => progress?.phase === 'GATHER');
    const countEngines = await engineProcesses(cluster.database, id);
    const canceledAt = performance.now();
    const answer = await cluster
      .api(1)
      .query(
        'mutation ($id: ID!) { cancelCompose(input: { id: $id, reason: "a test" }) { compose { state stateReason failure { code } } } }',
        { id },
      );
    const tookMs = performance.now() - canceledAt;
    expect(rootField(answer, 'cancelCompose')).toMatchObject({
      compose: {
        state: 'FAILED',
        stateReason: expect.stringContaining('a test') as string,
        failure: { code: 'CANCELED' },
      },
    });
    expect(tookMs).toBeLessThan(7_500);
    expect(await countEngines()).toBe(0);
    expect(existsSync(join(cluster.targetDir, `odcs-${id}`))).toBe(false);
    expect(readdirSync(join(cluster.targetDir, '.attempts')).filter((name) => name.startsWith(`${id}.`))).toEqual([]);
  });
});

describe('A killed worker', { timeout: 60_000 }, () => {
  it('loses its compose to another worker within 15 s', async ({ cluster }) => {
    const id = await create(cluster.api(0), requestOf(await cluster.repository('slow', { timeScale: 0.15 })));
    await untilCompose(cluster.api(0), id, ({ progress }) => progress !== null);
    const pid = await workerPid(cluster.database, id);
    const killed = cluster.workers.find(({ child }) => child.pid === pid);
    const killedAt = performance.now();
    await killed?.end('SIGKILL');
    await untilCompose(cluster.api(0), id, ({ attempt, state }) => attempt === 2 && state === 'GENERATING');
    expect(performance.now() - killedAt).toBeLessThan(15_000);
    const last = await untilCompose(cluster.api(0), id, ({ state }) => state === 'DONE');
    expect(last).toMatchObject({ attempt: 2, state: 'DONE' });
    await cluster.startWorker();
  });
});

describe('A worker that gets a second SIGTERM', { timeout: 90_000 }, () => {
  it('returns its composes to WAIT at once, without a loss', async ({ cluster }) => {
    const worker = await cluster.startWorker();
    await Promise.all(cluster.workers.filter((each) => each !== worker).map((each) => each.end('SIGKILL')));
    const repo = await cluster.repository('hanging', { timeScale: 0.01, hang: 'GATHER' });
    const id = await create(cluster.api(0), requestOf(repo));
    await untilCompose(cluster.api(0), id, ({ progress }) => progress?.phase === 'GATHER');
    worker.child.kill('SIGTERM');
    // Two pending signals of the same kind may be delivered as one.
    await worker.logged('Stopping');
    expect(await worker.end('SIGTERM')).toBe(0);
    await writeFile(join(repo, 'fake-pungi.json'), JSON.stringify({ timeScale: 0.01 }));
    const [row] = await cluster.database.query('select state, losses from compose where id = $1', [id]);
    expect(row).toEqual({ state: 'WAIT', losses: 0 });
    await cluster.startWorker();
    expect(await untilCompose(cluster.api(0), id, ({ state }) => state === 'DONE')).toMatchObject({ attempt: 2 });
  });
});
