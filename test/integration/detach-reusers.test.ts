import { describe, expect } from 'vitest';
import { generateCompose } from '../../src/app/attempt/run.ts';
import { detachReusers } from '../../src/app/detach-reusers.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import { reuseResult } from '../../src/app/reuse-result.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { attemptDeps } from '../support/attempt-deps.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';

const clock = { now: () => T0 };
const rules = { maxLosses: 3 };

async function waiting(store: ComposeStore, digest: string): Promise<string> {
  return store.transaction(async (tx) => (await tx.patch(await tx.insert(aCompose(), null), { digest })).id);
}

async function reuser(store: ComposeStore, digest: string): Promise<string> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose(), null);
    await reuseResult({ clock, rules }, tx, compose, digest);
    return compose.id;
  });
}

describe('An attempt whose source changed after its digest was computed', () => {
  it('returns its reusers to WAIT, and is not reused any more', async ({ store }) => {
    const id = await waiting(store, 'former content');
    let reuserId = '';
    const resolve = async () => {
      reuserId = await reuser(store, 'former content');
      return { input: { source: aCompose().source, fingerprint: ['new'], repositories: [], lookasides: [] } };
    };
    const resolver = { identify: async () => ({ fingerprint: [] }), resolve };
    await generateCompose(attemptDeps({ store, resolver }), id);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1 });
    expect(await store.find(reuserId, READ_ALL)).toMatchObject({ state: 'WAIT', reuses: null });
    await store.transaction(async (tx) => expect(await tx.findReusable('former content')).toBeNull());
  });
});

describe('detachReusers', () => {
  it.for([
    ['has ended', "state = 'DONE', done_at = now()"],
    ['was superseded', 'attempt = 2'],
  ] as const)('changes nothing for an attempt that %s', async ([title, change], { store, server }) => {
    const id = await waiting(store, title);
    await server.query("update compose set state = 'GENERATING', attempt = 1, started_at = now() where id = $1", [id]);
    const reuserId = await reuser(store, title);
    const attempt = await store.find(id, READ_ALL);
    if (!attempt) throw new Error('The compose is not stored');
    await server.query(`update compose set ${change} where id = $1`, [id]);
    await detachReusers({ store, clock, rules }, attempt);
    expect((await store.find(id, READ_ALL))?.digest).toBe(title);
    expect(await store.find(reuserId, READ_ALL)).toMatchObject({ state: 'GENERATING', reuses: id });
  });
});
