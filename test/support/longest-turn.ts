// Measures how long work blocks the event loop.

import { setImmediate as turn } from 'node:timers/promises';

/** `ms`: CPU time of the longest turn of the event loop. Waiting for a CPU on a busy machine does not count. */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  let isDone = false;
  let longest = 0;
  let before = process.threadCpuUsage();
  const measure = () => {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.threadCpuUsage();
  };
  // The work may block the event loop before its first await.
  const working = work().finally(() => (isDone = true));
  while (!isDone) {
    await turn();
    measure();
  }
  return { value: await working, ms: longest };
}
