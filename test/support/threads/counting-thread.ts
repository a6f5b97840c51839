// A thread for tests of threads: does what it is told, and says how often it was asked before.

import { serveThread } from '../../../src/concurrency/worker-thread.ts';

let served = 0;

await serveThread(async (order: 'answer' | 'throw' | 'hang' | 'grow', report: (at: string) => void) => {
  served++;
  if (order === 'throw') throw new Error('as requested');
  if (order === 'hang') {
    report('hanging');
    for (;;);
  }
  const grown = order === 'grow' ? Array.from({ length: 2_000_000 }, (_, index) => ({ index })) : [];
  return { served, grown: grown.length };
});
