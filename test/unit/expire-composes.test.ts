import { describe, expect, it } from 'vitest';
import { expireComposes, type ExpireComposesDeps } from '../../src/app/expire-composes.ts';
import type { DueQuery } from '../../src/app/ports.ts';
import { silentLogger } from '../support/logger.ts';

describe('expireComposes', () => {
  it('removes nothing from a target directory whose links cannot be read, and handles the others', async () => {
    const queries: DueQuery[] = [];
    const store = {
      due: async (query: DueQuery) => {
        queries.push(query);
        return [];
      },
    };
    const results = {
      reachableTargets: async () => ['broken', 'sound'],
      latestComposeIds: async (name: string) => {
        if (name === 'broken') throw new Error('The directory cannot be read');
        return new Set<string>();
      },
    };
    const clock = { now: () => new Date() };
    await expireComposes({
      store,
      results,
      clock,
      logger: silentLogger,
      rules: { maxLosses: 3 },
    } as unknown as ExpireComposesDeps);
    expect(queries).toMatchObject([{ what: 'EXPIRED', targetDirs: ['sound'] }]);
  });
});
