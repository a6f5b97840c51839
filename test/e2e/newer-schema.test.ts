import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { clusterTest, databaseTest as it } from '../support/fixtures.ts';
import { startService } from '../support/service-process.ts';
import { create, untilCompose } from '../support/watcher.ts';

const withWorker = clusterTest.override('processes', {
  apis: 1,
  workers: 1,
  engine: 'pungi',
  environment: { ODCS_DRAIN_SECONDS: '600' },
});

describe('A process whose database a newer version has migrated', () => {
  it('stops in order, and does not start again', async ({ server }) => {
    const environment = { DATABASE_URL: server.url, ODCS_ROLE: 'api' };
    const service = await startService(environment);
    const exited = once(service.child, 'exit') as Promise<[number | null]>;
    await server.query("insert into migration (name) values ('9999-of-a-newer-version')");
    expect((await exited)[0]).toBe(3);
    await expect(startService(environment)).rejects.toThrow('ended with 3');
  });
});

describe('A worker whose database a newer version has migrated', { timeout: 60_000 }, () => {
  withWorker('hands its composes back without a drain', async ({ cluster }) => {
    const repo = await cluster.repository('hanging', { timeScale: 0.01, hang: 'GATHER' });
    const id = await create(cluster.api(0), { source: { repo: { repo, packages: ['hello'] } } });
    await untilCompose(cluster.api(0), id, ({ progress }) => progress?.phase === 'GATHER');
    const exits = [...cluster.apis, ...cluster.workers].map(({ child }) => once(child, 'exit'));
    await cluster.database.query("insert into migration (name) values ('9999-of-a-newer-version')");
    expect((await Promise.all(exits)).map(([code]) => code as unknown)).toEqual([3, 3]);
    const [row] = await cluster.database.query('select state, losses from compose where id = $1', [id]);
    expect(row).toEqual({ state: 'WAIT', losses: 0 });
  });
});
