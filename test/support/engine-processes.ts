// The processes of the engine of a compose, while it is generated.

import { livingProcesses } from '../../src/os/process-table.ts';
import type { TestDatabase } from './database.ts';

/** Returns a function that counts the engine processes of the compose. Throws if no engine is registered now. */
export async function engineProcesses(database: TestDatabase, id: string): Promise<() => Promise<number>> {
  const rows = await database.query<{ pgid: number }>('select pgid from process_group where compose_id = $1', [id]);
  if (rows.length === 0) throw new Error(`Compose ${id} has no process group`);
  const groups = new Set(rows.map(({ pgid }) => pgid));
  return async () => (await livingProcesses()).filter(({ processGroup }) => groups.has(processGroup)).length;
}

/** Pid of the worker that generates the compose. */
export async function workerPid(database: TestDatabase, id: string): Promise<number | undefined> {
  const [row] = await database.query<{ pid: number }>(
    'select w.pid from compose c join worker w on w.id = c.worker_id where c.id = $1',
    [id],
  );
  return row?.pid;
}
