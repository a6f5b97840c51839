// Idempotency keys of mutations.

import { IdempotencyKeyTaken, type Idempotency } from '../app/ports.ts';
import { sqlState } from './database.ts';
import type { Em } from './em.ts';
import { IdempotencyEntity } from './entities/idempotency.ts';
import { statement } from './prepared.ts';

// A prepared statement takes a third of the time of the EntityManager, and every create with a key asks.
const find = statement((db, { owner, mutation, key }: Omit<Idempotency, 'digest'>) =>
  db
    .selectFrom('idempotency')
    .select(['compose_id as composeId', 'digest'])
    .where('owner', '=', owner)
    .where('mutation', '=', mutation)
    .where('key', '=', key),
);

export async function findIdempotency(
  em: Em,
  { owner, mutation, key }: Omit<Idempotency, 'digest'>,
): Promise<{ composeId: string; digest: string } | null> {
  const [row] = await find(em, { owner, mutation, key });
  return row ?? null;
}

export async function storeIdempotency(em: Em, idempotency: Idempotency, composeId: string): Promise<void> {
  await em.insert(IdempotencyEntity, { ...idempotency, composeId }).catch((error: unknown) => {
    if (sqlState(error) !== '23505') throw error;
    throw new IdempotencyKeyTaken(idempotency.key, { cause: error });
  });
}
