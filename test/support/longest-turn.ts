// How long this process's event loop was held at a time while something was done.

import { setImmediate as turn } from 'node:timers/promises';

/** `ms`: CPU that the longest turn of this thread took; waiting for a processor is the machine's business. */
export async function longestTurn<T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  let isDone = false;
  let longest = 0;
  const watching = (async () => {
    while (!isDone) {
      const before = process.threadCpuUsage();
      await turn();
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
  })();
  const value = await work.finally(() => (isDone = true));
  await watching;
  return { value, ms: longest };
}
