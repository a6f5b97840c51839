// How long this process's event loop was held at a time while something was done.

import { setImmediate as turn } from 'node:timers/promises';

/** `ms`: CPU that the longest turn of this thread took; waiting for a processor is the machine's business. */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  let isDone = false;
  let longest = 0;
  let before = process.threadCpuUsage();
  const measure = () => {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.threadCpuUsage();
  };
  // It may hold the loop before it gives way for the first time.
  const working = work().finally(() => (isDone = true));
  while (!isDone) {
    await turn();
    measure();
  }
  return { value: await working, ms: longest };
}
