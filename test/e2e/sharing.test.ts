// Composes that share one result, over two api and two worker processes.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import type { Cluster } from '../support/cluster.ts';
import { clusterTest } from '../support/fixtures.ts';
import { rootField } from '../support/http.ts';
import { create, hasEnded, untilCompose } from '../support/watcher.ts';

const it = clusterTest.override('processes', {
  apis: 2,
  workers: 2,
  engine: 'pungi',
  environment: { ODCS_CONCURRENCY: '2' },
});

interface Row {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly reuses: string | null;
  readonly code: string | null;
}

function rows({ database }: Cluster, ids: readonly string[]): Promise<readonly Row[]> {
  return database.query<Row>(
    "select id, state, attempt, reuses, failure ->> 'code' as code from compose where id = any($1::bigint[]) order by id",
    [ids],
  );
}

function request(cluster: Cluster, index: number, repo: string, extra: object = {}): Promise<string> {
  return create(cluster.api(index), { source: { repo: { repo, packages: ['hello'] } }, ...extra });
}

/** Requests a compose through the first api process, and waits until it is GENERATING. */
async function generating(cluster: Cluster, repo: string): Promise<string> {
  const id = await request(cluster, 0, repo);
  await untilCompose(cluster.api(0), id, ({ state }) => state === 'GENERATING');
  return id;
}

describe('Composes of the same input', { timeout: 120_000 }, () => {
  it('run one engine for a hundred requests through two processes', async ({ cluster }) => {
    const repo = await cluster.repository('shared', { timeScale: 0.05 });
    const ids = await Promise.all(Array.from({ length: 100 }, (_, index) => request(cluster, index, repo)));
    await Promise.all(ids.map((id, index) => untilCompose(cluster.api(index), id, hasEnded)));
    const composes = await rows(cluster, ids);
    const reused = composes.filter(({ reuses }) => reuses === null);
    expect(reused).toHaveLength(1);
    expect(composes.filter(({ state }) => state === 'DONE')).toHaveLength(100);
    expect(composes.filter(({ attempt }) => attempt > 0)).toEqual(reused);
    expect(new Set(composes.flatMap(({ reuses }) => reuses ?? []))).toEqual(new Set([reused[0]?.id]));
    const late = await request(cluster, 0, repo);
    expect(await untilCompose(cluster.api(1), late, hasEnded)).toMatchObject({
      state: 'DONE',
      attempt: 0,
      stateReason: expect.stringContaining(`compose ${reused[0]?.id}`) as string,
    });
  });

  it('are generated again under NO_REUSE, and if the request differs', async ({ cluster }) => {
    const repo = await cluster.repository('opts', { timeScale: 0.002 });
    await untilCompose(cluster.api(0), await request(cluster, 0, repo), hasEnded);
    const others = [
      await request(cluster, 0, repo, { flags: ['NO_REUSE'] }),
      await create(cluster.api(0), { source: { repo: { repo, packages: ['greet'] } } }),
    ];
    await Promise.all(others.map((id) => untilCompose(cluster.api(0), id, hasEnded)));
    expect((await rows(cluster, others)).map(({ attempt, reuses }) => ({ attempt, reuses }))).toEqual([
      { attempt: 1, reuses: null },
      { attempt: 1, reuses: null },
    ]);
  });

  it('are generated again if the repository has changed', async ({ cluster }) => {
    const repo = await cluster.repository('moving', { timeScale: 0.002 });
    await untilCompose(cluster.api(0), await request(cluster, 0, repo), hasEnded);
    await makeRepository(repo, SAMPLE_SOURCES, { createrepo: ['--revision=2'] });
    const second = await request(cluster, 0, repo);
    expect(await untilCompose(cluster.api(0), second, hasEnded)).toMatchObject({ state: 'DONE', attempt: 1 });
  });

  it('fail together if the failure of the reused compose is permanent', async ({ cluster }) => {
    const repo = await cluster.repository('hopeless', {
      timeScale: 0.1,
      exit: { phase: 'GATHER', code: 1, lines: ['[ERROR   ] Compose run failed: it is hopeless'] },
    });
    const ids = await Promise.all([0, 1, 2].map((index) => request(cluster, index, repo)));
    await Promise.all(ids.map((id) => untilCompose(cluster.api(0), id, hasEnded)));
    const composes = await rows(cluster, ids);
    expect(composes.map(({ state, code }) => `${state} ${code}`)).toEqual(
      Array<string>(3).fill('FAILED ENGINE_FAILED'),
    );
    expect(composes.filter(({ attempt }) => attempt > 0)).toHaveLength(1);
  });
});

describe('A canceled compose', { timeout: 120_000 }, () => {
  const CANCEL = 'mutation ($id: ID!) { cancelCompose(input: { id: $id }) { compose { state failure { code } } } }';

  it('has one successor, which the other reusers reuse', async ({ cluster }) => {
    const repo = await cluster.repository('canceled', { timeScale: 0.25 });
    const reused = await generating(cluster, repo);
    const reusers = await Promise.all([1, 2, 3, 4].map((index) => request(cluster, index, repo)));
    await Promise.all(reusers.map((id) => untilCompose(cluster.api(0), id, ({ state }) => state === 'GENERATING')));
    await cluster.api(0).query(CANCEL, { id: reused });
    await Promise.all(reusers.map((id) => untilCompose(cluster.api(0), id, hasEnded)));
    const composes = await rows(cluster, reusers);
    expect(composes.map(({ state }) => state)).toEqual(['DONE', 'DONE', 'DONE', 'DONE']);
    const [successor, ...others] = composes;
    expect(successor).toMatchObject({
      id: reusers.toSorted((a, b) => Number(a) - Number(b))[0],
      attempt: 1,
      reuses: null,
    });
    expect(others.every(({ attempt, reuses }) => attempt === 0 && reuses === successor?.id)).toBe(true);
  });

  it('that is a reuser does not affect the reused compose', async ({ cluster }) => {
    const repo = await cluster.repository('alone', { timeScale: 0.15 });
    const reused = await generating(cluster, repo);
    const reuser = await request(cluster, 1, repo);
    await untilCompose(cluster.api(0), reuser, ({ state }) => state === 'GENERATING');
    expect(rootField(await cluster.api(1).query(CANCEL, { id: reuser }), 'cancelCompose')).toEqual({
      compose: { state: 'FAILED', failure: { code: 'CANCELED' } },
    });
    expect(await untilCompose(cluster.api(0), reused, hasEnded)).toMatchObject({ state: 'DONE', attempt: 1 });
  });
});

describe('A removed compose', { timeout: 120_000 }, () => {
  it('keeps its files until its last reuser is removed', async ({ cluster }) => {
    const repo = await cluster.repository('kept', { timeScale: 0.002 });
    const reused = await request(cluster, 0, repo);
    await untilCompose(cluster.api(0), reused, hasEnded);
    const reuser = await request(cluster, 0, repo);
    await untilCompose(cluster.api(0), reuser, hasEnded);
    const remove = async (id: string) => {
      const mutation = 'mutation ($id: ID!) { removeCompose(input: { id: $id }) { compose { state } } }';
      return rootField(await cluster.api(1).query(mutation, { id }), 'removeCompose');
    };
    const files = join(cluster.targetDir, `odcs-${reused}`);
    expect(await remove(reused)).toEqual({ compose: { state: 'REMOVED' } });
    expect(existsSync(files)).toBe(true);
    const compose = rootField<{ toplevelUrl: string }>(
      await cluster.api(0).query('query ($id: ID!) { compose(id: $id) { toplevelUrl packages { totalCount } } }', {
        id: reuser,
      }),
      'compose',
    );
    expect(compose).toMatchObject({ packages: { totalCount: expect.any(Number) as number } });
    const { pathname } = new URL(compose.toplevelUrl);
    expect((await fetch(`${cluster.api(0).url}${pathname}/compose/metadata/rpms.json`)).status).toBe(200);
    expect(await remove(reuser)).toEqual({ compose: { state: 'REMOVED' } });
    expect(existsSync(files)).toBe(false);
  });
});
