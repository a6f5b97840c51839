// How long files live and where they are made, over several processes: two target directories, of which not every worker
// has mounted both, pools, pins, renewing and removing.

import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type Cluster } from '../support/cluster.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { Watcher, create, untilDone, type SeenEvent } from '../support/watcher.ts';

const ROUTES = [{ pool: 'large', targetDirs: ['big'] }];
const configuration = join(tmpdir(), `odcs-lifetimes-${process.pid}`);
let cluster: Cluster;
let big: string;
let repo: string;
let watcher: Watcher;

beforeAll(async () => {
  big = `${configuration}.big`;
  // A file where a directory should be: this worker cannot have it.
  for (const [name, path] of [
    ['mounted', big],
    ['elsewhere', `${configuration}.mounted/big`],
  ] as const) {
    await writeFile(
      `${configuration}.${name}`,
      JSON.stringify({ results: { targetDirs: { big: path } }, queue: { routes: ROUTES } }),
    );
  }
  cluster = await startCluster({
    apis: 2,
    workers: 0,
    engine: 'pungi',
    environment: { ODCS_CONFIG: `${configuration}.mounted` },
  });
  await cluster.startWorker({ ODCS_CONFIG: `${configuration}.elsewhere` });
  await cluster.startWorker({ ODCS_POOLS: 'large' });
  repo = await cluster.repository('quick', { timeScale: 0.001 });
  watcher = new Watcher(api);
  await watcher.connected;
}, 120_000);

afterAll(async () => {
  watcher.stop();
  await cluster.stop();
  for (const name of ['mounted', 'elsewhere', 'big'])
    await rm(`${configuration}.${name}`, { recursive: true, force: true });
});

function api(index: number): ServiceProcess {
  const found = cluster.apis[index % cluster.apis.length];
  if (!found) throw new Error('no api process');
  return found;
}

async function done(index: number, packages: readonly string[], extra: object = {}): Promise<string> {
  const id = await create(api(index), { source: { repo: { repo, packages } }, ...extra });
  expect(await untilDone(api(index), id, ({ state }) => state === 'DONE' || state === 'FAILED')).toMatchObject({
    state: 'DONE',
  });
  return id;
}

interface Changed {
  readonly compose: { readonly state: string; readonly expiresAt: string };
  readonly pin: { readonly expiresAt: string };
}

async function change(
  index: number,
  mutation: string,
  input: object,
  asked = 'compose { state expiresAt }',
): Promise<Changed> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const { data, errors } = await api(index).query(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${asked} } }`,
    { input },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  return data?.[mutation] as Changed;
}

const told = (id: string): readonly SeenEvent[] => watcher.seen.filter((event) => event.id === id);
const removed = (id: string) =>
  watcher.until((seen) => seen.some((event) => event.id === id && event.to === 'REMOVED'));
const inDefault = (id: string): boolean => existsSync(join(cluster.targetDir, `odcs-${id}`));

it('a compose is made where it is asked for, by a worker of its pool that has that directory, and removed there', async () => {
  const [here, there] = [await done(0, ['hello']), await done(1, ['hello'], { targetDir: 'big', secondsToLive: 1 })];
  expect(inDefault(here)).toBe(true);
  expect(inDefault(there)).toBe(false);
  await removed(there);
  expect(existsSync(join(big, `odcs-${there}`))).toBe(false);
  expect(existsSync(join(big, '.odcs-instance'))).toBe(true);
}, 60_000);

it('a pin that one process was told of keeps files past their expiry, until it ends; then another process removes them', async () => {
  const id = await create(api(0), {
    source: { repo: { repo, packages: ['hello'] } },
    flags: ['NO_REUSE'],
    secondsToLive: 1,
  });
  const { pin } = await change(1, 'pinCompose', { id, name: 'audit', secondsToLive: 5 }, 'pin { expiresAt }');
  await removed(id);
  const history = told(id);
  expect(history.map(({ kind, to }) => to ?? kind).slice(-4)).toEqual(['DONE', 'UNPINNED', 'REMOVAL_BEGUN', 'REMOVED']);
  const [row] = await cluster.database.query<{ kept: boolean }>(
    'select removed_at >= $2 and expires_at < $2 as kept from compose where id = $1',
    [id, pin.expiresAt],
  );
  expect(row).toEqual({ kept: true });
  expect(inDefault(id)).toBe(false);
}, 60_000);

it('renewing one of those that share renews all of them, and the files go with the last, whoever removes which', async () => {
  const root = await done(0, ['greet'], { secondsToLive: 600 });
  const sharer = await done(1, ['greet'], { secondsToLive: 300 });
  const { compose: renewed } = await change(1, 'renewCompose', { id: sharer, secondsToLive: 900 });
  const [row] = await cluster.database.query<{ same: number }>(
    'select count(distinct expires_at)::int as same from compose where id = any($1::bigint[])',
    [[root, sharer]],
  );
  expect(row).toEqual({ same: 1 });
  expect((await change(0, 'renewCompose', { id: root, secondsToLive: 10 })).compose.expiresAt).toBe(renewed.expiresAt);
  expect((await change(0, 'removeCompose', { id: root })).compose.state).toBe('REMOVED');
  expect(inDefault(root)).toBe(true);
  expect((await change(1, 'removeCompose', { id: sharer })).compose.state).toBe('REMOVED');
  expect(inDefault(root)).toBe(false);
}, 60_000);
