// Empties the trash of all target directories in the background, at the start and whenever something was thrown away.
// A directory that is not this database's (any more) is left alone; one that is full needs it most.

import type { Logger, Service } from '../app/ports.ts';
import { checkOwner, type Target } from './instance-file.ts';
import { emptyTrash } from './trash.ts';

export interface TrashEmptier extends Pick<Service, 'stop'> {
  start(): void;
  /** There is something new to delete. */
  wake(): void;
}

export function trashEmptier(targets: readonly Target[], instanceId: string, logger: Logger): TrashEmptier {
  let stopping = new AbortController();
  let running: Promise<void> | null = null;
  let isAskedAgain = false;
  let isStarted = false;

  async function run(): Promise<void> {
    do {
      isAskedAgain = false;
      for (const target of targets) await empty(target);
    } while (isAskedAgain && !stopping.signal.aborted);
    running = null;
  }
  async function empty(target: Target): Promise<void> {
    const complain = (error: unknown): void =>
      logger.warn({ err: error, target: target.path }, 'cannot empty the trash');
    try {
      if (await checkOwner(target, instanceId)) return;
      await emptyTrash(target.path, stopping.signal, complain);
    } catch (error) {
      complain(error);
    }
  }
  function wake(): void {
    isAskedAgain = true;
    if (isStarted) running ??= run();
  }
  return {
    wake,
    start: () => {
      if (isStarted) return;
      isStarted = true;
      stopping = new AbortController();
      wake();
    },
    stop: async () => {
      isStarted = false;
      stopping.abort();
      await running;
    },
  };
}
