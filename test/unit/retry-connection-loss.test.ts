import { describe, expect, it } from 'vitest';
import { retryConnectionLoss } from '../../src/app/retry-connection-loss.ts';

/** Fails with `code` so many times, then succeeds. */
function failing(times: number, code: string): { calls: number; work(): Promise<string> } {
  return {
    calls: 0,
    async work() {
      this.calls += 1;
      if (this.calls <= times) throw Object.assign(new Error('failed'), { code });
      return 'done';
    },
  };
}

describe('retryConnectionLoss', () => {
  it.each(['ECONNREFUSED', '55P03', '53300'])('retries after a lost connection (%s)', async (code) => {
    const outage = failing(2, code);
    expect(await retryConnectionLoss(new AbortController().signal, () => outage.work())).toBe('done');
    expect(outage.calls).toBe(3);
  });

  it('rejects at once with any other error', async () => {
    const duplicate = failing(1, '23505');
    await expect(retryConnectionLoss(new AbortController().signal, () => duplicate.work())).rejects.toMatchObject({
      code: '23505',
    });
    expect(duplicate.calls).toBe(1);
  });

  it('does not retry after the signal was aborted', async () => {
    const outage = failing(1, 'ECONNREFUSED');
    await expect(retryConnectionLoss(AbortSignal.abort(), () => outage.work())).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    expect(outage.calls).toBe(1);
  });
});
