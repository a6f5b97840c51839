// Notices that a newer version has migrated the database while this process runs. The process must end then, because it
// would write what the new schema does not expect.

import type { Service } from '../app/ports.ts';

const INTERVAL_MS = 5_000;

/** Calls `onNewer` once. A check that fails is repeated. */
export function schemaWatch(isNewer: () => Promise<boolean>, onNewer: () => void): Service {
  let timer: NodeJS.Timeout | undefined;
  async function check(): Promise<void> {
    if (!(await isNewer().catch(() => false))) return;
    clearInterval(timer);
    onNewer();
  }
  return {
    async start() {
      timer = setInterval(() => void check(), INTERVAL_MS);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
    },
  };
}
