import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type Cluster } from '../support/cluster.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { create, untilDone } from '../support/watcher.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ apis: 2, workers: 2, engine: 'pungi', environment: { ODCS_CONCURRENCY: '2' } });
}, 120_000);

afterAll(() => cluster.stop());

function api(index: number): ServiceProcess {
  const found = cluster.apis[index % cluster.apis.length];
  if (!found) throw new Error('no api process');
  return found;
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly reuses: string | null;
  readonly code: string | null;
}

function rows(ids: readonly string[]): Promise<readonly Row[]> {
  return cluster.database.query<Row>(
    "select id, state, attempt, reuses, failure ->> 'code' as code from compose where id = any($1::bigint[]) order by id",
    [ids],
  );
}

async function request(repo: string, extra: object = {}): Promise<(index: number) => Promise<string>> {
  return (index) => create(api(index), { source: { repo: { repo, packages: ['hello'] } }, ...extra });
}

const ended = ({ state }: { state: string }) => state === 'DONE' || state === 'FAILED';

it('runs one engine for a hundred identical requests through two processes', async () => {
  const ask = await request(await cluster.repository('shared', { timeScale: 0.05 }));
  const ids = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(index)));
  await Promise.all(ids.map((id, index) => untilDone(api(index), id, ended)));
  const composes = await rows(ids);
  const roots = composes.filter(({ reuses }) => reuses === null);
  expect(roots).toHaveLength(1);
  expect(composes.filter(({ state }) => state === 'DONE')).toHaveLength(100);
  expect(composes.filter(({ attempt }) => attempt > 0)).toEqual(roots);
  expect(new Set(composes.flatMap(({ reuses }) => reuses ?? []))).toEqual(new Set([roots[0]?.id]));
  const late = await ask(0);
  expect(await untilDone(api(1), late, ended)).toMatchObject({
    state: 'DONE',
    attempt: 0,
    stateReason: expect.stringContaining(`compose ${roots[0]?.id}`) as string,
  });
}, 120_000);

it('generates anew for one that opts out, and for another input', async () => {
  const repo = await cluster.repository('opts', { timeScale: 0.002 });
  const first = await (await request(repo))(0);
  await untilDone(api(0), first, ended);
  const optedOut = await (await request(repo, { flags: ['NO_REUSE'] }))(0);
  const other = await create(api(0), { source: { repo: { repo, packages: ['greet'] } } });
  const both = [optedOut, other];
  await Promise.all(both.map((id) => untilDone(api(0), id, ended)));
  expect((await rows(both)).map(({ attempt, reuses }) => ({ attempt, reuses }))).toEqual([
    { attempt: 1, reuses: null },
    { attempt: 1, reuses: null },
  ]);
}, 60_000);

it('lets exactly one sharer take over when the root is cancelled, and the others follow it', async () => {
  const ask = await request(await cluster.repository('taken', { timeScale: 0.25 }));
  const root = await ask(0);
  await untilDone(api(0), root, ({ state }) => state === 'GENERATING');
  const sharers = await Promise.all([1, 2, 3, 4].map((index) => ask(index)));
  await Promise.all(sharers.map((id) => untilDone(api(0), id, ({ state }) => state === 'GENERATING')));
  await api(0).query('mutation ($id: ID!) { cancelCompose(input: { id: $id }) { compose { state } } }', { id: root });
  await Promise.all(sharers.map((id) => untilDone(api(0), id, ended)));
  const composes = await rows(sharers);
  expect(composes.map(({ state }) => state)).toEqual(['DONE', 'DONE', 'DONE', 'DONE']);
  const [heir, ...others] = composes;
  expect(heir).toMatchObject({ id: sharers.toSorted((a, b) => Number(a) - Number(b))[0], attempt: 1, reuses: null });
  expect(others.every(({ attempt, reuses }) => attempt === 0 && reuses === heir?.id)).toBe(true);
}, 120_000);

it('cancels a sharer without touching anybody else', async () => {
  const ask = await request(await cluster.repository('alone', { timeScale: 0.15 }));
  const root = await ask(0);
  await untilDone(api(0), root, ({ state }) => state === 'GENERATING');
  const sharer = await ask(1);
  await untilDone(api(0), sharer, ({ state }) => state === 'GENERATING');
  const { data } = await api(1).query(
    'mutation ($id: ID!) { cancelCompose(input: { id: $id }) { compose { state failure { code } } } }',
    { id: sharer },
  );
  expect(data).toEqual({ cancelCompose: { compose: { state: 'FAILED', failure: { code: 'CANCELED' } } } });
  expect(await untilDone(api(0), root, ended)).toMatchObject({ state: 'DONE', attempt: 1 });
}, 60_000);

it('fails all with the root where trying again would not help', async () => {
  const repo = await cluster.repository('hopeless', {
    timeScale: 0.1,
    exit: { phase: 'GATHER', code: 1, lines: ['[ERROR   ] Compose run failed: it is hopeless'] },
  });
  const ids = await Promise.all([0, 1, 2].map(await request(repo)));
  await Promise.all(ids.map((id) => untilDone(api(0), id, ended)));
  const composes = await rows(ids);
  expect(composes.map(({ state, code }) => `${state} ${code}`)).toEqual(Array<string>(3).fill('FAILED ENGINE_FAILED'));
  expect(composes.filter(({ attempt }) => attempt > 0)).toHaveLength(1);
}, 60_000);

it('keeps a shared result until the last sharer is gone', async () => {
  const ask = await request(await cluster.repository('kept', { timeScale: 0.002 }));
  const root = await ask(0);
  await untilDone(api(0), root, ended);
  const sharer = await ask(0);
  await untilDone(api(0), sharer, ended);
  const remove = (id: string) =>
    api(1).query('mutation ($id: ID!) { removeCompose(input: { id: $id }) { compose { state } } }', { id });
  const files = join(cluster.targetDir, `odcs-${root}`);
  expect((await remove(root)).data).toEqual({ removeCompose: { compose: { state: 'REMOVED' } } });
  expect(existsSync(files)).toBe(true);
  const { data } = await api(0).query('query ($id: ID!) { compose(id: $id) { toplevelUrl packages { totalCount } } }', {
    id: sharer,
  });
  expect(data).toMatchObject({ compose: { packages: { totalCount: expect.any(Number) as number } } });
  const { toplevelUrl } = (data as { compose: { toplevelUrl: string } }).compose;
  const served = new URL(toplevelUrl);
  expect((await fetch(`${api(0).url}${served.pathname}/compose/metadata/rpms.json`)).status).toBe(200);
  expect((await remove(sharer)).data).toEqual({ removeCompose: { compose: { state: 'REMOVED' } } });
  expect(existsSync(files)).toBe(false);
}, 60_000);

it('does not share what the source does not hold any more', async () => {
  const repo = await cluster.repository('moving', { timeScale: 0.002 });
  const ask = await request(repo);
  const first = await ask(0);
  await untilDone(api(0), first, ended);
  await cluster.repository('moving', { timeScale: 0.002, changed: true });
  const { makeRepository, SAMPLE_SOURCES } = await import('../../src/demo/sample-repository.ts');
  await makeRepository(repo, SAMPLE_SOURCES, { createrepo: ['--revision=2'] });
  const second = await ask(0);
  expect(await untilDone(api(0), second, ended)).toMatchObject({ state: 'DONE', attempt: 1 });
}, 60_000);
