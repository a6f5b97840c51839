// How long results live, and on which target directory, over several processes. One worker cannot use the target `big`.

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { directoryTest } from '../support/fixtures.ts';
import { rootField } from '../support/http.ts';
import { create, hasEnded, untilCompose, Watcher } from '../support/watcher.ts';

const it = directoryTest
  .extend('big', { scope: 'file' }, ({ directory }) => join(directory, 'big'))
  .extend('cluster', { scope: 'file' }, async ({ directory, big }, { onCleanup }) => {
    const configuration = async (name: string, target: string) => {
      const path = join(directory, name);
      const routes = [{ pool: 'large', targetDirs: ['big'] }];
      await writeFile(path, JSON.stringify({ results: { targetDirs: { big: target } }, queue: { routes } }));
      return path;
    };
    const usable = await configuration('usable.json', big);
    // The parent of this target is a file.
    const unusable = await configuration('unusable.json', join(usable, 'big'));
    const cluster = await startCluster({
      apis: 2,
      workers: 0,
      engine: 'pungi',
      environment: { ODCS_CONFIG: usable },
    });
    onCleanup(() => cluster.stop());
    await cluster.startWorker({ ODCS_CONFIG: unusable });
    await cluster.startWorker({ ODCS_POOLS: 'large' });
    return cluster;
  })
  .extend('repo', { scope: 'file' }, ({ cluster }) => cluster.repository('quick', { timeScale: 0.001 }))
  .extend('watcher', { scope: 'file' }, async ({ cluster }, { onCleanup }) => {
    const watcher = new Watcher((attempt) => cluster.api(attempt));
    onCleanup(() => watcher.stop());
    await watcher.connected;
    return watcher;
  });

/** Requests a compose through an api process, and waits until it is DONE. */
async function done(cluster: Cluster, index: number, repo: string, input: object): Promise<string> {
  const id = await create(cluster.api(index), { source: { repo: { repo, packages: ['hello'] } }, ...input });
  expect(await untilCompose(cluster.api(index), id, hasEnded)).toMatchObject({ state: 'DONE' });
  return id;
}

interface Changed {
  readonly compose: { readonly state: string; readonly expiresAt: string };
}

async function change<T = Changed>(
  cluster: Cluster,
  index: number,
  mutation: 'pinCompose' | 'renewCompose' | 'removeCompose',
  input: object,
  fields = 'compose { state expiresAt }',
): Promise<T> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${fields} } }`;
  return rootField(await cluster.api(index).query(query, { input }), mutation);
}

function isInDefaultTarget({ targetDir }: Cluster, id: string): boolean {
  return existsSync(join(targetDir, `odcs-${id}`));
}

describe('A compose', { timeout: 120_000 }, () => {
  it('is generated on the target of its request by a worker that has this target, and is removed from it', async ({
    cluster,
    repo,
    big,
    watcher,
  }) => {
    const onDefault = await done(cluster, 0, repo, {});
    const onBig = await done(cluster, 1, repo, { targetDir: 'big', secondsToLive: 1 });
    expect(isInDefaultTarget(cluster, onDefault)).toBe(true);
    expect(isInDefaultTarget(cluster, onBig)).toBe(false);
    await watcher.untilState(onBig, 'REMOVED');
    expect(existsSync(join(big, `odcs-${onBig}`))).toBe(false);
    expect(existsSync(join(big, '.odcs-instance'))).toBe(true);
  });

  it('outlives its expiry while it is pinned through another process', async ({ cluster, repo, watcher }) => {
    const id = await create(cluster.api(0), {
      source: { repo: { repo, packages: ['hello'] } },
      flags: ['NO_REUSE'],
      secondsToLive: 1,
    });
    const { pin } = await change<{ pin: { expiresAt: string } }>(
      cluster,
      1,
      'pinCompose',
      { id, name: 'audit', secondsToLive: 5 },
      'pin { expiresAt }',
    );
    await watcher.untilState(id, 'REMOVED');
    const changes = watcher.eventsOf(id).map(({ kind, to }) => to ?? kind);
    expect(changes.slice(-4)).toEqual(['DONE', 'UNPINNED', 'REMOVAL_BEGUN', 'REMOVED']);
    const [row] = await cluster.database.query<{ kept: boolean }>(
      'select removed_at >= $2 and expires_at < $2 as kept from compose where id = $1',
      [id, pin.expiresAt],
    );
    expect(row).toEqual({ kept: true });
    expect(isInDefaultTarget(cluster, id)).toBe(false);
  });
});

describe('A reused compose and its reuser', { timeout: 60_000 }, () => {
  it('are renewed together, and keep the files until both are removed', async ({ cluster, repo }) => {
    const source = { repo: { repo, packages: ['greet'] } };
    const reused = await done(cluster, 0, repo, { source, secondsToLive: 600 });
    const reuser = await done(cluster, 1, repo, { source, secondsToLive: 300 });
    const { compose: renewed } = await change(cluster, 1, 'renewCompose', { id: reuser, secondsToLive: 900 });
    const [row] = await cluster.database.query<{ same: number }>(
      'select count(distinct expires_at)::int as same from compose where id = any($1::bigint[])',
      [[reused, reuser]],
    );
    expect(row).toEqual({ same: 1 });
    const shortened = await change(cluster, 0, 'renewCompose', { id: reused, secondsToLive: 10 });
    expect(shortened.compose.expiresAt).toBe(renewed.expiresAt);
    expect((await change(cluster, 0, 'removeCompose', { id: reused })).compose.state).toBe('REMOVED');
    expect(isInDefaultTarget(cluster, reused)).toBe(true);
    expect((await change(cluster, 1, 'removeCompose', { id: reuser })).compose.state).toBe('REMOVED');
    expect(isInDefaultTarget(cluster, reused)).toBe(false);
  });
});
