import { expect, it, vi } from 'vitest';
import { runInThread } from '../../src/concurrency/worker-thread.ts';

const module = new URL('../support/threads/counting-thread.ts', import.meta.url);

function ask(input: string, signal = new AbortController().signal, onReport = () => {}): Promise<{ served: number }> {
  return runInThread({ module, input, signal, onReport });
}

it('a thread that did its work serves the next task of its kind, and one that grew large does not', async () => {
  expect(await ask('answer')).toMatchObject({ served: 1 });
  expect(await ask('answer')).toMatchObject({ served: 2 });
  expect(await ask('grow')).toMatchObject({ served: 3, grown: 2_000_000 });
  expect(await ask('answer')).toMatchObject({ served: 1 });
});

it('two tasks at once have a thread each', async () => {
  const answers = await Promise.all([ask('answer'), ask('answer')]);
  expect(answers).toHaveLength(2);
});

it('what the thread throws is thrown here, and the thread is not used again', async () => {
  await expect(ask('throw')).rejects.toThrow('as told');
});

it('an abort ends a thread that never yields, and is over when it is gone', async () => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  await expect(ask('hang', stop.signal, () => stop.abort(reason))).rejects.toBe(reason);
});

it('nothing is started for a signal that has aborted', async () => {
  await expect(ask('answer', AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});

it('hands nobody a thread whose time has just run out', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await ask('answer');
    vi.advanceTimersByTime(10_000);
    expect(await ask('answer')).toMatchObject({ served: 1 });
  } finally {
    vi.useRealTimers();
  }
});
