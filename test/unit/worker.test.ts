import { describe, expect, it } from 'vitest';
import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import type { AttemptDeps } from '../../src/app/attempt/attempt.ts';
import type { ComposeStore, Engine, FeedSignal, Job } from '../../src/app/ports.ts';
import { Worker } from '../../src/app/worker.ts';
import type { Lane } from '../../src/compose/lane.ts';
import { aCompose } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';

/** A worker whose source answers after `answer()`, or rejects after an abort. */
function aWorker(drainSeconds: number, stopWorking = async () => {}) {
  const handlers = new Map<Lane, (job: Job) => Promise<void>>();
  const identifying = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  let prepared = 0;
  const generation = {
    store: { find: async () => aCompose(), transaction: async () => void (prepared += 1) } as Partial<ComposeStore>,
    engineFor: async () => ({ name: 'dnf' }) as Partial<Engine>,
    resolver: {
      identify: (_compose: unknown, signal: AbortSignal) => {
        identifying.resolve();
        const aborted = new Promise<never>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
        return Promise.race([aborted, answer.promise.then(() => ({ fingerprint: [] }))]);
      },
    },
    logger: silentLogger,
  } as unknown as AttemptDeps;
  const service = { start: async () => {}, stop: async () => {} };
  const worker = new Worker({
    generation,
    drainSeconds,
    concurrency: 1,
    attempts: new RunningAttempts(),
    logger: silentLogger,
    lease: service,
    queue: { work: async (lane, _slots, handle) => void handlers.set(lane, handle), stopWorking },
    events: { head: async () => 0n },
    feed: { follow: () => (async function* (): AsyncGenerator<FeedSignal> {})() },
    targets: { ...service, unusable: () => [] },
  });
  const prepare = () => handlers.get('prepare')?.({ composeId: '42', signal: new AbortController().signal });
  return { worker, prepare, identifying: identifying.promise, answer: answer.resolve, prepared: () => prepared };
}

describe('a worker that stops while it identifies a source', () => {
  it('returns the job to the queue if the source has not answered within the drain time', async () => {
    const { worker, prepare, identifying } = aWorker(0);
    await worker.start();
    const job = prepare();
    const ended = expect(job).rejects.toMatchObject({ name: 'AbortError' });
    await identifying;
    await worker.stop();
    await ended;
  });

  it('finishes the job if the source answers within the drain time', async () => {
    const { worker, prepare, identifying, answer, prepared } = aWorker(30);
    await worker.start();
    const job = prepare();
    await identifying;
    let preparedAtTheEnd: number | null = null;
    const stopped = worker.stop().then(() => (preparedAtTheEnd = prepared()));
    // By then the worker has done all else that a stop does.
    await new Promise(setImmediate);
    answer();
    await job;
    await stopped;
    expect(preparedAtTheEnd).toBe(1);
  });
});

it('a worker stops within the drain time even if the queue does not answer', async () => {
  const { worker } = aWorker(30, () => new Promise(() => {}));
  await worker.start();
  await expect(worker.stop()).resolves.toBeUndefined();
});
