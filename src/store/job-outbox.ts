// The jobs of composes that a transaction makes go out together, by its last statement: so their owner's turn in the queue
// is locked for no longer than that and the commit.

import type { RunStatement, WorkQueue } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { Lane } from '../compose/lane.ts';
import { prepared } from './prepared.ts';

export type JobSender = Pick<WorkQueue, 'send' | 'sendNew'>;

export class JobOutbox {
  readonly #run: RunStatement;
  readonly #queue: JobSender;
  readonly #made = new Set<string>();
  readonly #waiting: { readonly compose: Compose; readonly lane: Lane }[] = [];

  constructor(run: RunStatement, queue: JobSender) {
    // The queue's statements run as often as ours.
    this.#run = (sql, parameters) => run(prepared(sql), parameters);
    this.#queue = queue;
  }

  /** A compose that this transaction made has no job yet. */
  made(compose: Compose): Compose {
    this.#made.add(compose.id);
    return compose;
  }

  async enqueue(compose: Compose, lane: Lane): Promise<void> {
    if (this.#made.has(compose.id)) this.#waiting.push({ compose, lane });
    else await this.#queue.send(this.#run, compose, lane);
  }

  async sendAll(): Promise<void> {
    const turns = Map.groupBy(this.#waiting.splice(0), ({ compose, lane }) => JSON.stringify([lane, compose.owner]));
    for (const jobs of turns.values()) {
      const [first] = jobs;
      if (first)
        await this.#queue.sendNew(
          this.#run,
          jobs.map(({ compose }) => compose),
          first.lane,
        );
    }
  }
}
