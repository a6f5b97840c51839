// A worker that is stopped while it looks at a source.

import { expect, it } from 'vitest';
import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import type { AttemptDeps } from '../../src/app/attempt/attempt.ts';
import type { ComposeStore, Engine, FeedSignal, Job } from '../../src/app/ports.ts';
import { createWorker } from '../../src/app/worker.ts';
import type { Lane } from '../../src/compose/lane.ts';
import { aCompose } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';

/** With a source that answers when it is told to, or is not waited for any more. */
function aWorker(drainSeconds: number) {
  const handlers = new Map<Lane, (job: Job) => Promise<void>>();
  const looking = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  let prepared = 0;
  const generation = {
    store: { find: async () => aCompose(), transaction: async () => void (prepared += 1) } as Partial<ComposeStore>,
    engineFor: async () => ({ name: 'dnf' }) as Partial<Engine>,
    resolver: {
      identify: (_compose: unknown, signal: AbortSignal) => {
        looking.resolve();
        const gone = new Promise<never>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
        return Promise.race([gone, answer.promise.then(() => ({ fingerprint: [] }))]);
      },
    },
    logger: silentLogger,
  } as unknown as AttemptDeps;
  const service = { start: async () => {}, stop: async () => {} };
  const worker = createWorker({
    generation,
    drainSeconds,
    concurrency: 1,
    attempts: new RunningAttempts(),
    logger: silentLogger,
    lease: service,
    queue: { work: async (lane, _slots, handle) => void handlers.set(lane, handle), stopWorking: async () => {} },
    events: { head: async () => 0n },
    // Nothing happens.
    feed: { follow: () => (async function* (): AsyncGenerator<FeedSignal> {})() },
    targets: { ...service, unusable: () => [] },
  });
  const prepare = () => handlers.get('prepare')?.({ composeId: '42', signal: new AbortController().signal });
  return { worker, prepare, looking: looking.promise, answer: answer.resolve, prepared: () => prepared };
}

it('that does not answer is not waited for beyond the drain time: its job goes back', async () => {
  const { worker, prepare, looking } = aWorker(0);
  await worker.start();
  const job = prepare();
  const ended = expect(job).rejects.toThrow('aborted');
  await looking;
  await worker.stop();
  await ended;
});

it('that answers in time is looked at to the end', async () => {
  const { worker, prepare, looking, answer, prepared } = aWorker(30);
  await worker.start();
  const job = prepare();
  await looking;
  let preparedAtTheEnd: number | null = null;
  const stopped = worker.stop().then(() => (preparedAtTheEnd = prepared()));
  // All that a stop has to do otherwise is done by then.
  await new Promise(setImmediate);
  answer();
  await job;
  await stopped;
  expect(preparedAtTheEnd).toBe(1);
});
