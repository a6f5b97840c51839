// The id of the database, which cursors and target directories carry, and the last id that it gave to a compose.

import { sql } from 'kysely';
import type { Em } from './em.ts';
import { InstanceEntity } from './entities/instance.ts';

export async function instanceId(em: Em): Promise<string> {
  const [instance] = await em.findAll(InstanceEntity);
  if (!instance) throw new Error('The database has no instance row; its migrations were not applied');
  return instance.id;
}

/** A directory with a higher id belongs to another database. */
export async function lastComposeId(em: Em): Promise<bigint> {
  const last = sql<string | null>`pg_sequence_last_value(pg_get_serial_sequence('compose', 'id'))`;
  const row = await em.getKysely().selectNoFrom(last.as('id')).executeTakeFirstOrThrow();
  return BigInt(row.id ?? 0);
}
