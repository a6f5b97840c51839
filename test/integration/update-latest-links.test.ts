import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { ComposeStore, Results } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import { updateDueLatestLinks, updateLatestLinks } from '../../src/app/update-latest-links.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { noQueue, openTestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';
import { it as base } from '../support/target-fixture.ts';

const SOURCE = {
  type: 'RAW_CONFIG',
  name: 'raw',
  commit: 'main',
  resolvedCommit: null,
  kojiEvent: null,
  builds: [],
  modules: [],
} as const;

/** Published and DONE so many seconds after T0, by a worker that died before it updated the links. */
async function publishedCompose(
  store: ComposeStore,
  results: Results,
  doneAfterSeconds: number,
  label: string | null = null,
): Promise<Compose> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann', source: SOURCE, label }), null);
    const attempt = await results.beginAttempt({ ...inserted, state: 'GENERATING', attempt: 1 });
    await mkdir(join(attempt.directory, 'compose'));
    const doneAt = new Date(T0.getTime() + doneAfterSeconds * 1_000);
    const done = await tx.save(
      inserted,
      { ...inserted, state: 'DONE', attempt: 1, doneAt },
      { kind: 'STATE_CHANGED', at: T0, by: 'a test', reason: null },
      { linksDue: true, pungiComposeId: `Raw-1.0-20261122.t.${inserted.id}` },
    );
    await results.publish(done, attempt);
    return done;
  });
}

/** `links`: the composes and links of one target directory. */
const it = base.extend('links', ({ store, results, target }) => {
  const deps = { store, results, logger: silentLogger, clock: { now: () => new Date() }, rules: { maxLosses: 3 } };
  return {
    deps,
    published: (doneAfterSeconds: number, label?: string) =>
      publishedCompose(store, results, doneAfterSeconds, label ?? null),
    latest: (name = 'latest-Raw-1.0') => readlink(join(target, 'test', name)).catch(() => null),
    latestOfLabel: () => readlink(join(target, 'test', 'latest-Raw-1.0-RC-1.0')).catch(() => null),
    due: () => store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 }),
  };
});

function pathOf({ id }: Compose): string {
  return `../odcs-${id}`;
}

describe('updateDueLatestLinks', () => {
  it('points the links to a compose whose worker died before it did so', async ({ links, target }) => {
    const compose = await links.published(1, 'RC-1.0');
    expect(await links.latest()).toBeNull();
    await updateDueLatestLinks(links.deps);
    expect([await links.latest(), await links.latestOfLabel()]).toEqual([pathOf(compose), pathOf(compose)]);
    expect(await links.due()).toEqual([]);
    // Two links and the compose by its own id; none of the temporary links that were renamed.
    expect(await readdir(join(target, 'test'))).toHaveLength(3);
  });

  it('does not point a link back to a compose that was DONE earlier', async ({ links }) => {
    const newer = await links.published(2);
    const older = await links.published(1, 'RC-1.0');
    await updateLatestLinks(links.deps, newer.id);
    await updateDueLatestLinks(links.deps);
    expect([await links.latest(), await links.latestOfLabel()]).toEqual([pathOf(newer), pathOf(older)]);
  });

  it('creates no link to a compose that was removed meanwhile', async ({ links, target }) => {
    const compose = await links.published(1);
    const removed = await removeCompose(links.deps, aViewer('ann'), { id: compose.id, reason: null });
    expect(removed).toMatchObject({ ok: true, value: { state: 'REMOVED' } });
    await updateDueLatestLinks(links.deps);
    expect([await links.latest(), existsSync(join(target, `odcs-${compose.id}`))]).toEqual([null, false]);
    expect(await links.due()).toEqual([]);
  });
});

describe('updateLatestLinks', () => {
  it('needs no second connection to find out which compose is newer', async ({ links, server }) => {
    await updateLatestLinks(links.deps, (await links.published(1)).id);
    const newer = await links.published(2);
    const oneConnection = await openTestDatabase(server, 1);
    try {
      await updateLatestLinks({ ...links.deps, store: composeStore(oneConnection, noQueue) }, newer.id);
    } finally {
      await oneConnection.close();
    }
    expect(await links.latest()).toBe(pathOf(newer));
  });

  it('waits for another process that updates links of the same target directory', async ({
    links,
    server,
    results,
  }) => {
    await updateLatestLinks(links.deps, (await links.published(0)).id);
    const [older, newer] = [await links.published(1), await links.published(2)];
    const compared = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const slow: Pick<Results, 'linkLatest'> = {
      linkLatest: (compose, isNewer) =>
        results.linkLatest(compose, async (other) => {
          const answer = await isNewer(other);
          compared.resolve();
          await release.promise;
          return answer;
        }),
    };
    const first = updateLatestLinks({ ...links.deps, results: slow }, older.id);
    await compared.promise;
    let isDone = false;
    const second = updateLatestLinks(links.deps, newer.id).then(() => (isDone = true));
    const isWaiting = async () =>
      (await server.query("select from pg_locks where locktype = 'advisory' and not granted")).length > 0;
    await expect.poll(async () => isDone || (await isWaiting())).toBe(true);
    release.resolve();
    await Promise.all([first, second]);
    expect(await links.latest()).toBe(pathOf(newer));
  });
});
