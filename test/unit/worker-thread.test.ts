import { describe, expect, it, vi } from 'vitest';
import { runInThread } from '../../src/concurrency/worker-thread.ts';

const module = new URL('../support/threads/counting-thread.ts', import.meta.url);

function ask(input: string, signal = new AbortController().signal, onReport = () => {}): Promise<{ served: number }> {
  return runInThread({ module, input, signal, onReport });
}

describe('runInThread', () => {
  it('reuses a thread that finished, unless its heap is large', async () => {
    expect(await ask('answer')).toMatchObject({ served: 1 });
    expect(await ask('answer')).toMatchObject({ served: 2 });
    expect(await ask('grow')).toMatchObject({ served: 3, grown: 2_000_000 });
    expect(await ask('answer')).toMatchObject({ served: 1 });
  });

  it('runs two tasks at once in two threads', async () => {
    const answers = await Promise.all([ask('answer'), ask('answer')]);
    expect(answers).toHaveLength(2);
  });

  it('rejects with what the thread throws', async () => {
    await expect(ask('throw')).rejects.toThrow('as requested');
  });

  it('terminates a thread that never yields when it is aborted', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    await expect(ask('hang', stop.signal, () => stop.abort(reason))).rejects.toBe(reason);
  });

  it('starts no thread for an aborted signal', async () => {
    await expect(ask('answer', AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it('does not reuse a thread whose idle time has just ended', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await ask('answer');
      vi.advanceTimersByTime(10_000);
      expect(await ask('answer')).toMatchObject({ served: 1 });
    } finally {
      vi.useRealTimers();
    }
  });
});
