// Composes by id.

import type { Compose } from '../compose/compose.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { anyOf, isReadableBy, ownersOf, type Owners } from './compose-filter.ts';
import { composeColumns, composeFrom, validId, validIds } from './compose-row.ts';
import type { Em } from './em.ts';
import { statement } from './prepared.ts';

const findOne = statement((db, id: string, owners: Owners) =>
  db
    .selectFrom('compose as c')
    .select(composeColumns)
    .where('c.id', '=', id)
    .where((eb) => isReadableBy(eb, owners)),
);

export async function findCompose(em: Em, id: string, policy: ReadPolicy): Promise<Compose | null> {
  const valid = validId(id);
  if (valid === null) return null;
  const [row] = await findOne(em, valid, ownersOf(policy));
  return row ? composeFrom(row) : null;
}

const findMany = statement((db, ids: readonly string[], owners: Owners) =>
  db
    .selectFrom('compose as c')
    .select(composeColumns)
    .where('c.id', '=', anyOf(ids, 'bigint'))
    .where((eb) => isReadableBy(eb, owners)),
);

/** In the order of `ids`. */
export async function findComposes(
  em: Em,
  ids: readonly string[],
  policy: ReadPolicy,
): Promise<readonly (Compose | null)[]> {
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return [await findCompose(em, only, policy)];
  const rows = await findMany(em, validIds(ids), ownersOf(policy));
  const found = new Map(rows.map((row) => [row.id, composeFrom(row)]));
  return ids.map((id) => found.get(id) ?? null);
}
