// The chores that keep promises when nobody else does, each at its own pace. A chore that is the service's is done by
// one process at a time; one that is the host's, by every process. A chore that fails is tried again at its next turn.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Leadership, Logger, Service } from './ports.ts';

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly whose: 'service' | 'host';
  readonly run: () => Promise<void>;
}

/** A chore that hangs, on a file system say, keeps no process from ending; another one does it again. */
const STOP_BOUND_MS = 5_000;

export function startChores(chores: readonly Chore[], leadership: Leadership, logger: Logger): Service {
  const stopped = new AbortController();
  let loops: Promise<unknown> | null = null;

  async function loop(chore: Chore): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        if (chore.whose === 'host') await chore.run();
        else await leadership.whenLeader(chore.name, chore.run);
      } catch (error) {
        logger.warn({ err: error, chore: chore.name }, 'A chore failed and will be tried again');
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
      await Promise.race([loops, sleep(STOP_BOUND_MS, undefined, { ref: false })]);
    },
  };
}
