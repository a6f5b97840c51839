// Runs the periodic chores, each at its own interval. A chore of the service runs in one process at a time, a chore of
// the host in every process. A chore that fails runs again after its interval.

import { setTimeout as sleep } from 'node:timers/promises';
import { settleWithin } from '../concurrency/settle-within.ts';
import type { Leadership, Logger, Service } from './ports.ts';

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly whose: 'service' | 'host';
  /** The signal aborts when the process stops. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** After this time `stop` returns although a chore still runs, on a file system that hangs for example. */
const STOP_TIMEOUT_MS = 5_000;

export function startChores(chores: readonly Chore[], leadership: Leadership, logger: Logger): Service {
  const stopped = new AbortController();
  let loops: Promise<unknown> | null = null;

  async function loop(chore: Chore): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        if (chore.whose === 'host') await chore.run(stopped.signal);
        else await leadership.whenLeader(chore.name, () => chore.run(stopped.signal));
      } catch (error) {
        logger.warn({ err: error, chore: chore.name }, 'A chore failed; it runs again after its interval');
      }
      await sleep(chore.everyMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    async start() {
      loops ??= Promise.all(chores.map(loop));
    },
    async stop() {
      stopped.abort();
      await settleWithin(STOP_TIMEOUT_MS, loops);
    },
  };
}
