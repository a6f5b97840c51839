// Reads of composes that lock their rows, and advisory locks, until the end of the transaction.

import { sql } from 'kysely';
import type { Compose } from '../compose/compose.ts';
import { state } from './compose-filter.ts';
import { composeColumns, composeFrom, validId } from './compose-row.ts';
import type { Em } from './em.ts';
import { statement } from './prepared.ts';

// FOR NO KEY UPDATE: exclusive among changes, and does not block inserts of rows that refer to the compose.
const lockOne = statement((db, id: string) =>
  db.selectFrom('compose as c').select(composeColumns).where('c.id', '=', id).forNoKeyUpdate(),
);

export async function lockCompose(em: Em, id: string): Promise<Compose | null> {
  const valid = validId(id);
  const [row] = valid === null ? [] : await lockOne(em, valid);
  return row ? composeFrom(row) : null;
}

// The conditions are those of the unique index compose_root. The lock is against changes, not against other reusers.
const lockReusable = statement((db, digest: string) =>
  db
    .selectFrom('compose as c')
    .select(composeColumns)
    .where('c.digest', '=', digest)
    .where('c.reuses', 'is', null)
    .where('c.state', 'in', [state('GENERATING'), state('DONE')])
    .where('c.cancel_requested_at', 'is', null)
    .where('c.removing_at', 'is', null)
    .forShare(),
);

export async function findReusable(em: Em, digest: string): Promise<Compose | null> {
  const [row] = await lockReusable(em, digest);
  return row ? composeFrom(row) : null;
}

const lockRelated = statement((db, id: string) => {
  const ids = db
    .selectFrom('compose')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', id), eb.and([eb('reuses', '=', id), eb('state', '=', state('DONE'))])]))
    .unionAll(
      db
        .selectFrom('compose')
        .select(sql<string>`reuses`.as('id'))
        .where('id', '=', id),
    );
  return (
    db
      .selectFrom('compose as c')
      .select(composeColumns)
      // An array, because a lock needs a plain scan in the order of ids.
      .where('c.id', '=', sql<string>`any(array(${ids}))`)
      .orderBy('c.id')
      .forNoKeyUpdate()
  );
});

/** The compose, the one that it reuses, and its reusers that are DONE, in the order of their ids. */
export async function lockSharingResult(em: Em, id: string): Promise<readonly Compose[]> {
  const valid = validId(id);
  return valid === null ? [] : (await lockRelated(em, valid)).map(composeFrom);
}

const lockGeneratingReusers = statement((db, reusedId: string) =>
  db
    .selectFrom('compose as c')
    .select(composeColumns)
    .where('c.reuses', '=', reusedId)
    .where('c.state', '=', state('GENERATING'))
    .orderBy('c.id')
    .forNoKeyUpdate(),
);

export async function lockReusers(em: Em, reusedId: string): Promise<readonly Compose[]> {
  return (await lockGeneratingReusers(em, reusedId)).map(composeFrom);
}

const countLivingReusers = statement((db, reusedId: string) =>
  db
    .selectFrom('compose')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('reuses', '=', reusedId)
    .where('state', '<>', state('REMOVED')),
);

export async function countReusers(em: Em, reusedId: string): Promise<number> {
  const [row] = await countLivingReusers(em, reusedId);
  return Number(row?.count ?? 0);
}

const countUnfinished = statement((db, owner: string, limit: number) => {
  const open = db
    .selectFrom('compose')
    .select('id')
    .where('owner', '=', owner)
    .where('state', 'in', [state('WAIT'), state('GENERATING')])
    .limit(limit);
  return db.selectFrom(open.as('open')).select((eb) => eb.fn.countAll<string>().as('count'));
});

/** Two statements: the count must see what other transactions committed while this one waited for the lock. */
export async function countOpen(em: Em, owner: string, limit: number): Promise<number> {
  await lockByName(em, `owner ${owner}`, '7236840283');
  const [row] = await countUnfinished(em, owner, limit);
  return Number(row?.count ?? 0);
}

export async function lockLatest(em: Em, targetDir: string): Promise<void> {
  await lockByName(em, `latest ${targetDir}`, '7236840284');
}

const lockByName = statement(
  (_db, name: string, space: string) => sql<object>`select pg_advisory_xact_lock(hashtextextended(${name}, ${space}))`,
);
