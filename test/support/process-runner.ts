// Runs programs under the real supervisor, for sources that need one.

import type { ProcessRunner } from '../../src/app/ports.ts';
import { runProcess } from '../../src/engines/supervisor/run-process.ts';

export const supervised: ProcessRunner = async (run) =>
  await runProcess({ ...run, registerProcessGroup: async () => {} });
