// Pins. A caller that changes them holds the lock on the row of their compose.

import type { Pin } from '../compose/pin.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { anyOf, isReadableBy, ownersOf, type Owners } from './compose-filter.ts';
import { validIds } from './compose-row.ts';
import type { Em } from './em.ts';
import { PinEntity } from './entities/pin.ts';
import { statement } from './prepared.ts';

export async function pinsOfOne(em: Em, composeId: string): Promise<readonly Pin[]> {
  return (await em.find(PinEntity, { composeId }, { orderBy: { name: 'asc' } })).map(pinFrom);
}

const living = statement((db, ids: readonly string[], at: Date, owners: Owners) =>
  db
    .selectFrom('pin')
    .innerJoin('compose as c', 'c.id', 'pin.compose_id')
    .select(['pin.compose_id', 'pin.name', 'pin.owner', 'pin.expires_at as expiresAt', 'pin.created_at as createdAt'])
    .where('pin.compose_id', '=', anyOf(ids, 'bigint'))
    .where((eb) => eb.or([eb('pin.expires_at', 'is', null), eb('pin.expires_at', '>', at)]))
    .where((eb) => isReadableBy(eb, owners))
    .orderBy('pin.compose_id')
    .orderBy('pin.name'),
);

/** The pins of each compose that are alive at `at`. */
export async function pinsOf(
  em: Em,
  ids: readonly string[],
  at: Date,
  policy: ReadPolicy,
): Promise<readonly (readonly Pin[])[]> {
  const rows = await living(em, validIds(ids), at, ownersOf(policy));
  const byCompose = Map.groupBy(rows, (row) => row.compose_id);
  return ids.map((id) => (byCompose.get(id) ?? []).map(pinFrom));
}

/** A pin of the same name gets the new owner and expiry, and keeps its creation. */
export async function putPin(em: Em, composeId: string, pin: Pin): Promise<Pin> {
  const stored = await em.upsert(PinEntity, { composeId, ...pin }, { onConflictMergeFields: ['owner', 'expiresAt'] });
  return pinFrom(stored);
}

export async function deletePin(em: Em, composeId: string, name: string): Promise<boolean> {
  return (await em.nativeDelete(PinEntity, { composeId, name })) > 0;
}

function pinFrom({ name, owner, expiresAt, createdAt }: Pin): Pin {
  return { name, owner, expiresAt, createdAt };
}
