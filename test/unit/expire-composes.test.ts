// What ends by the clock, where some of it cannot be ended.

import { expect, it } from 'vitest';
import { finishHalfRemoved, removeExpired, type ExpireComposesDeps } from '../../src/app/expire-composes.ts';
import type { DueQuery } from '../../src/app/ports.ts';
import { silentLogger } from '../support/logger.ts';

const seen: string[] = [];
const asked: DueQuery[] = [];

/** 250 half removed composes, none of which can be looked at; links that can be read in one of two target directories. */
function deps(): ExpireComposesDeps {
  seen.length = 0;
  asked.length = 0;
  const all = Array.from({ length: 250 }, (_, index) => String(index + 1));
  const parts = {
    store: {
      due: async (query: DueQuery) => {
        asked.push(query);
        const after = 'after' in query ? Number(query.after ?? 0) : 0;
        return all.filter((id) => Number(id) > after).slice(0, query.limit);
      },
      find: async (id: string) => {
        seen.push(id);
        throw new Error('not now');
      },
      transaction: async () => {
        seen.push('one');
        throw new Error('not now');
      },
    },
    results: {
      reachable: async () => ['broken', 'sound'],
      latest: async (name: string) => {
        if (name === 'broken') throw new Error('cannot be read');
        return new Set(['7']);
      },
    },
    clock: { now: () => new Date() },
    logger: silentLogger,
    rules: { maxLosses: 3 },
    maxWaitSeconds: 1,
  };
  return parts as unknown as ExpireComposesDeps;
}

it('removals that cannot be finished keep no later one from its turn', async () => {
  await finishHalfRemoved(deps());
  expect(seen).toHaveLength(250);
});

it('a target directory whose links cannot be read, or a compose that cannot be removed, holds no other up', async () => {
  await removeExpired(deps());
  expect(asked).toMatchObject([{ what: 'EXPIRED', targetDirs: ['sound'], except: ['7'] }]);
  expect(seen).toHaveLength(100);
});
