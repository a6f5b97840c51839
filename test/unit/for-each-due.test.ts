import { describe, expect, it } from 'vitest';
import { forEachDue } from '../../src/app/for-each-due.ts';
import type { DueQuery } from '../../src/app/ports.ts';
import { silentLogger } from '../support/logger.ts';

const IDS = Array.from({ length: 250 }, (_, index) => String(index + 1));
const store = {
  due: async ({ after = '0', limit }: DueQuery) => IDS.filter((id) => Number(id) > Number(after)).slice(0, limit),
};

describe('forEachDue', () => {
  it('handles every due compose once, although each of them fails', async () => {
    const handled: string[] = [];
    await forEachDue({ store, logger: silentLogger }, { what: 'UNRESOLVED_REUSERS' }, async (id) => {
      handled.push(id);
      throw new Error('not now');
    });
    expect(handled).toEqual(IDS);
  });

  it('ends after the current compose when the process stops', async () => {
    const stopping = new AbortController();
    const handled: string[] = [];
    await forEachDue(
      { store, logger: silentLogger, signal: stopping.signal },
      { what: 'UNRESOLVED_REUSERS' },
      async (id) => {
        handled.push(id);
        if (id === '120') stopping.abort();
      },
    );
    expect(handled).toHaveLength(120);
  });
});
