// What readers rely on in the event log.

import { describe, expect } from 'vitest';
import type { ComposeFilter } from '../../src/app/ports.ts';
import { snapshotOf } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';
import { changed, IMPOSSIBLE_IDS, inserted } from '../support/stored-compose.ts';

describe('the event log', () => {
  it('has an event for each change, with the compose as it was then', async ({ database, store }) => {
    const waiting = await inserted(store);
    const generating = await changed(store, waiting.id, { state: 'GENERATING', attempt: 1, startedAt: T0 });
    const done = await changed(store, waiting.id, { state: 'DONE', doneAt: T0 });
    const items = await eventLog(database.em).read({ after: 0n, limit: 10, composeId: waiting.id }, READ_ALL);
    expect(items.map(({ event }) => [event.seq, event.from, event.to, event.by])).toEqual([
      [1, null, 'WAIT', 'anonymous'],
      [2, 'WAIT', 'GENERATING', 'a test'],
      [3, 'GENERATING', 'DONE', 'a test'],
    ]);
    expect(items.map(({ event }) => event.snapshot)).toEqual([waiting, generating, done].map(snapshotOf));
    expect(items.map(({ compose }) => [compose.seq, compose.state])).toEqual([
      [1, 'WAIT'],
      [2, 'GENERATING'],
      [3, 'DONE'],
    ]);
    expect(Object.isFrozen(items[0]) && Object.isFrozen(items[0]?.compose)).toBe(true);
  });

  it('has no trace of a transaction that was rolled back', async ({ database, store }) => {
    const log = eventLog(database.em);
    const head = await log.head();
    const key = { owner: 'a', mutation: 'createCompose', key: 'rolled back' } as const;
    await expect(
      store.transaction(async (tx) => {
        await tx.insert(aCompose(), { ...key, digest: 'd' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await log.head()).toBe(head);
    expect(await store.findByIdempotencyKey(key)).toBeNull();
  });

  it('lets an event through a filter of states that it leads into, out of, or happens in', async ({
    database,
    store,
  }) => {
    const log = eventLog(database.em);
    const after = await log.head();
    const { id } = await inserted(store, { owner: 'filtered' });
    await changed(store, id, { state: 'GENERATING' });
    await changed(store, id, { state: 'DONE' });
    await changed(store, id, {}, { kind: 'RENEWED' });
    await changed(store, id, { state: 'REMOVED' });
    const seqs = async (filter: ComposeFilter) => {
      const query = { after, limit: 10, filter: { owners: ['filtered'], ...filter } };
      return (await log.read(query, READ_ALL)).map(({ event }) => event.seq);
    };
    expect(await seqs({ states: ['GENERATING'] })).toEqual([2, 3]);
    expect(await seqs({ states: ['DONE'] })).toEqual([3, 4, 5]);
    expect(await seqs({ states: ['WAIT', 'REMOVED'] })).toEqual([1, 2, 5]);
    expect(await seqs({ sourceTypes: ['TAG'] })).toEqual([]);
    expect(await seqs({ ids: IMPOSSIBLE_IDS })).toEqual([]);
  });

  it('is read page by page, for one compose, for several, and for all', async ({ database, store }) => {
    const log = eventLog(database.em);
    const start = await log.head();
    const [one, other] = [await inserted(store), await inserted(store)];
    for (const { id } of [one, other, one]) await changed(store, id, {});
    const read = async (after: bigint, composeId?: string) =>
      (await log.read({ after, limit: 2, ...(composeId !== undefined && { composeId }) }, READ_ALL)).map(
        ({ event }) => ({ id: event.composeId, seq: event.seq, position: event.position }),
      );
    const first = await read(start);
    const second = await read(first.at(-1)?.position ?? 0n);
    expect([...first, ...second].map(({ id, seq }) => [id, seq])).toEqual([
      [one.id, 1],
      [other.id, 1],
      [one.id, 2],
      [other.id, 2],
    ]);
    expect((await read(start, one.id)).map(({ seq }) => seq)).toEqual([1, 2]);
    const each = await log.readEach({ composeIds: [other.id, 'x', one.id], after: start, limit: 10 }, READ_ALL);
    expect(each.map((items) => items.map(({ event }) => event.seq))).toEqual([[1, 2], [], [1, 2, 3]]);
  });
});
