import { describe, expect } from 'vitest';
import type { ComposeStore, Due } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';
import { storedCompose } from '../support/stored-compose.ts';

const LATER = new Date(T0.getTime() + 60_000);
const PAGE = 2;

/** All that is due, page by page. */
async function pages(store: ComposeStore, due: Due): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.due({ ...due, limit: PAGE, ...(after !== undefined && { after }) });
    ids.push(...page);
    after = page.at(-1);
    if (page.length < PAGE) return ids;
  }
}

/** Five composes in a target directory of their own; `overrides` gets their index. */
async function five(
  store: ComposeStore,
  targetDir: string,
  overrides: (index: number) => Partial<Compose>,
  patch = {},
): Promise<readonly string[]> {
  const ids = [];
  for (let index = 0; index < 5; index += 1)
    ids.push((await storedCompose(store, { targetDir, ...overrides(index) }, patch)).id);
  return ids;
}

function minutesBefore(minutes: number): Date {
  return new Date(T0.getTime() - minutes * 60_000);
}

describe('due', () => {
  it('pages through expired composes in the order of their expiry, ties by id', async ({ store }) => {
    const expiries = [0, 3, 1, 3, 2];
    const ids = await five(store, 'expired', (index) => ({
      state: 'DONE',
      expiresAt: minutesBefore(expiries[index] ?? 0),
    }));
    const inOrder = [1, 3, 4, 2, 0].map((index) => ids[index]);
    expect(await pages(store, { what: 'EXPIRED', at: LATER, targetDirs: ['expired'] })).toEqual(inOrder);
    expect(await pages(store, { what: 'EXPIRED_OR_REMOVING', at: LATER, targetDirs: ['expired'] })).toEqual(inOrder);
    expect(await pages(store, { what: 'EXPIRED', at: LATER, targetDirs: ['elsewhere'] })).toEqual([]);
  });

  it('pages through removals that have begun', async ({ store }) => {
    const ids = await five(store, 'removing', () => ({ state: 'DONE', expiresAt: T0, removingAt: T0 }));
    expect(await pages(store, { what: 'HALF_REMOVED', before: LATER, targetDirs: ['removing'] })).toEqual(ids);
    expect(await pages(store, { what: 'EXPIRED', at: LATER, targetDirs: ['removing'] })).toEqual([]);
    expect(await pages(store, { what: 'EXPIRED_OR_REMOVING', at: LATER, targetDirs: ['removing'] })).toEqual(ids);
  });

  it('pages through composes with due links in the order in which they became DONE', async ({ store }) => {
    const ids = await five(store, 'links', (index) => ({ state: 'DONE', doneAt: minutesBefore(index) }), {
      linksDue: true,
    });
    expect(await pages(store, { what: 'LATEST_LINKS', targetDirs: ['links'] })).toEqual(ids.toReversed());
  });

  it('pages through composes with expired pins, each once', async ({ store }) => {
    const ids = await five(store, 'pins', () => ({ state: 'DONE', expiresAt: T0 }));
    for (const id of ids)
      await store.transaction(async (tx) => {
        for (const name of ['one', 'two']) await tx.putPin(id, { name, owner: 'ann', expiresAt: T0, createdAt: T0 });
      });
    expect(await pages(store, { what: 'EXPIRED_PINS', at: LATER })).toEqual(ids);
    expect(await pages(store, { what: 'EXPIRED_PINS', at: minutesBefore(1) })).toEqual([]);
  });

  it('pages through ended composes with reusers that have not ended, each once', async ({ store }) => {
    const ids = await five(store, 'reused', () => ({ state: 'FAILED', doneAt: T0 }));
    for (const reuses of [...ids, ...ids]) await storedCompose(store, { state: 'GENERATING', reuses });
    expect(await pages(store, { what: 'UNRESOLVED_REUSERS' })).toEqual(ids);
  });

  it('pages through composes that have been in WAIT for too long', async ({ store }) => {
    const ids = await five(store, 'waiting', () => ({ submittedAt: new Date(0) }));
    expect(await pages(store, { what: 'WAITED_TOO_LONG', before: new Date(1) })).toEqual(ids);
  });
});
