// The uuid of the database, which cursors and target directories carry, and the last id it gave to a compose.

import type { RunStatement } from '../app/ports.ts';

export async function instanceId(run: RunStatement): Promise<string> {
  const [row] = await run<{ id: string }>('select id from instance', []);
  if (!row) throw new Error('The database has no instance row: its migrations were not applied');
  return row.id;
}

/** Directories with a higher id are none of this database's, whatever they are. */
export async function lastComposeId(run: RunStatement): Promise<bigint> {
  const [row] = await run<{ last: string | null }>(
    "select pg_sequence_last_value(pg_get_serial_sequence('compose', 'id')) as last",
    [],
  );
  return BigInt(row?.last ?? 0);
}
