// What is tried again when the database is away for a moment, and what is not.

import { expect, it } from 'vitest';
import { whileConnected } from '../../src/app/while-connected.ts';

function failing(times: number, code: string): { calls: number; work(): Promise<string> } {
  return {
    calls: 0,
    async work() {
      this.calls += 1;
      if (this.calls <= times) throw Object.assign(new Error('no'), { code });
      return 'done';
    },
  };
}

it.each(['ECONNREFUSED', '55P03', '53300'])(
  'a database that is away for a moment (%s) is asked again',
  async (code) => {
    const blip = failing(2, code);
    expect(await whileConnected(new AbortController().signal, () => blip.work())).toBe('done');
    expect(blip.calls).toBe(3);
  },
);

it('what is no loss of the database is told at once', async () => {
  const broken = failing(1, '23505');
  await expect(whileConnected(new AbortController().signal, () => broken.work())).rejects.toThrow('no');
  expect(broken.calls).toBe(1);
});

it('nothing is tried again for an attempt that is stopped', async () => {
  const away = failing(1, 'ECONNREFUSED');
  await expect(whileConnected(AbortSignal.abort(), () => away.work())).rejects.toThrow('no');
  expect(away.calls).toBe(1);
});
