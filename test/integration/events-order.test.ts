// The positions of events follow the order of commits, so that a reader which continues after a position misses none. A
// trigger sets them: with a sequence instead, the same reader loses events.

import { describe, expect, test as base } from 'vitest';
import type { ComposeStore, EventLog, FeedItem } from '../../src/app/ports.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase } from '../support/database.ts';

const WRITERS = 20;

/** A database of each test's own, because one test changes its schema. */
const it = base
  .extend('server', async ({}, { onCleanup }) => {
    const server = await createTestDatabase();
    onCleanup(() => server.drop());
    return server;
  })
  .extend('database', async ({ server }, { onCleanup }) => {
    const database = await openTestDatabase(server, WRITERS + 2);
    onCleanup(() => database.close());
    return database;
  });

class RolledBack extends Error {}

/** Creates and changes composes at random, and rolls some back. Counts what it committed. */
async function write(store: ComposeStore, rounds: number): Promise<{ transactions: number; events: number }> {
  let transactions = 0;
  let events = 0;
  for (let round = 0; round < rounds; round += 1) {
    const changes = Math.floor(Math.random() * 3);
    const attempt = store.transaction(async (tx) => {
      let compose = await tx.insert(aCompose(), null);
      for (let change = 0; change < changes; change += 1) {
        if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
        compose = await tx.save(compose, compose, { kind: 'STATE_CHANGED', at: T0, by: 'writer', reason: null });
      }
      if (Math.random() < 0.2) throw new RolledBack();
      return compose.id;
    });
    try {
      const id = await attempt;
      transactions += 1;
      events += 1 + changes;
      // Half of the composes change in a second transaction.
      if (Math.random() < 0.5) {
        await store.transaction(async (tx) => {
          const compose = await tx.lock(id);
          if (compose) await tx.save(compose, compose, { kind: 'RENEWED', at: T0, by: 'writer', reason: null });
        });
        transactions += 1;
        events += 1;
      }
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
  }
  return { transactions, events };
}

/** Reads by position until the writers have finished. */
async function readAlong(log: EventLog, writing: Promise<unknown>): Promise<FeedItem[]> {
  const seen: FeedItem[] = [];
  let over = false;
  writing.then(
    () => (over = true),
    () => (over = true),
  );
  for (;;) {
    const last = over;
    const items = await log.read({ after: seen.at(-1)?.event.position ?? 0n, limit: 100 }, READ_ALL);
    seen.push(...items);
    if (last && items.length === 0) return seen;
  }
}

async function run(
  database: Database,
  rounds: number,
): Promise<{ written: number; seen: FeedItem[]; perSecond: number }> {
  const store = composeStore(database, noQueue);
  const startedAt = performance.now();
  const writing = Promise.all(Array.from({ length: WRITERS }, () => write(store, rounds)));
  const seen = await readAlong(eventLog(database.em), writing);
  const totals = await writing;
  const transactions = totals.reduce((sum, total) => sum + total.transactions, 0);
  return {
    written: totals.reduce((sum, total) => sum + total.events, 0),
    seen,
    perSecond: Math.round((transactions / (performance.now() - startedAt)) * 1000),
  };
}

describe('Events', () => {
  it('are read once and in order while 20 writers commit and roll back', async ({ database }) => {
    const { written, seen, perSecond } = await run(database, 60);
    process.stdout.write(`20 writers: ${perSecond} transactions a second, ${written} events\n`);
    expect(seen.length).toBe(written);
    const seqs = new Map<string, number>();
    let position = 0n;
    for (const { event } of seen) {
      expect(event.position > position).toBe(true);
      position = event.position;
      expect(event.seq).toBe((seqs.get(event.composeId) ?? 0) + 1);
      seqs.set(event.composeId, event.seq);
    }
  });

  it('would be missed by the same reader if a sequence set their positions', async ({ server, database }) => {
    await server.query(`
    drop trigger compose_event_position on compose_event;
    alter table compose_event alter position set default nextval('compose_event_position_seq')`);
    let lost = 0;
    for (let rounds = 0; lost === 0 && rounds < 10; rounds += 1) {
      await server.query('truncate compose cascade');
      const { written, seen } = await run(database, 30);
      lost = written - seen.length;
    }
    expect(lost).toBeGreaterThan(0);
  });
});
