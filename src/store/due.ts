// Finds the composes that a chore must handle, a page at a time.

import { sql, type Kysely, type SqlBool } from 'kysely';
import type { DueQuery } from '../app/ports.ts';
import { anyOf, state } from './compose-filter.ts';
import type { Em, Tables } from './em.ts';
import { statement } from './prepared.ts';

interface PageArguments {
  /** The id that ends the page before, or null. */
  readonly after: string | null;
  readonly limit: number;
}

export async function due(em: Em, query: DueQuery): Promise<readonly string[]> {
  return (await rowsOf(em, query)).map(({ id }) => id);
}

function rowsOf(em: Em, query: DueQuery): Promise<readonly { readonly id: string }[]> {
  const page = { after: query.after ?? null, limit: query.limit };
  switch (query.what) {
    case 'EXPIRED':
      return expired(em, page, query.at, query.targetDirs);
    case 'EXPIRED_OR_REMOVING':
      return expiredOrRemoving(em, page, query.at, query.targetDirs);
    case 'HALF_REMOVED':
      return halfRemoved(em, page, query.before, query.targetDirs);
    case 'EXPIRED_PINS':
      return withExpiredPins(em, page, query.at);
    case 'LATEST_LINKS':
      return withDueLinks(em, page, query.targetDirs);
    case 'UNRESOLVED_REUSERS':
      return withUnresolvedReusers(em, page);
    case 'WAITED_TOO_LONG':
      return waitedTooLong(em, page, query.before);
  }
}

function composes(db: Kysely<Tables>) {
  return db.selectFrom('compose as c').select('c.id');
}

type Composes = ReturnType<typeof composes>;

function pageById(query: Composes, { after, limit }: PageArguments): Composes {
  return query
    .where(sql<SqlBool>`(${after}::bigint is null or c.id > ${after}::bigint)`)
    .orderBy('c.id')
    .limit(limit);
}

function pageBy(column: 'expires_at' | 'done_at', query: Composes, { after, limit }: PageArguments): Composes {
  const name = sql.ref(column);
  return query
    .where(
      sql<SqlBool>`(${after}::bigint is null
        or (c.${name}, c.id) > (select a.${name}, a.id from compose a where a.id = ${after}::bigint))`,
    )
    .orderBy(`c.${column}`)
    .orderBy('c.id')
    .limit(limit);
}

function expiredUnpinned(db: Kysely<Tables>, at: Date, targetDirs: readonly string[]): Composes {
  return composes(db)
    .where('c.expires_at', '<=', at)
    .where('c.state', 'in', [state('DONE'), state('FAILED')])
    .where('c.target_dir', '=', anyOf(targetDirs, 'text'))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('pin')
            .select('pin.name')
            .whereRef('pin.compose_id', '=', 'c.id')
            .where((eb) => eb.or([eb('pin.expires_at', 'is', null), eb('pin.expires_at', '>', at)])),
        ),
      ),
    );
}

const expired = statement((db, page: PageArguments, at: Date, targetDirs: readonly string[]) =>
  pageBy('expires_at', expiredUnpinned(db, at, targetDirs).where('c.removing_at', 'is', null), page),
);

const expiredOrRemoving = statement((db, page: PageArguments, at: Date, targetDirs: readonly string[]) =>
  pageBy('expires_at', expiredUnpinned(db, at, targetDirs), page),
);

const halfRemoved = statement((db, page: PageArguments, before: Date, targetDirs: readonly string[]) =>
  pageById(
    composes(db)
      .where('c.removing_at', '<=', before)
      .where('c.state', '<>', state('REMOVED'))
      .where('c.target_dir', '=', anyOf(targetDirs, 'text')),
    page,
  ),
);

const withExpiredPins = statement((db, page: PageArguments, at: Date) =>
  pageById(
    composes(db)
      .where('c.state', '<>', state('REMOVED'))
      .where('c.removing_at', 'is', null)
      .where('c.id', 'in', ({ selectFrom }) =>
        selectFrom('pin').select('pin.compose_id').where('pin.expires_at', '<=', at),
      ),
    page,
  ),
);

const withDueLinks = statement((db, page: PageArguments, targetDirs: readonly string[]) =>
  pageBy(
    'done_at',
    composes(db)
      .where(({ ref }) => ref('c.links_due'))
      .where('c.target_dir', '=', anyOf(targetDirs, 'text')),
    page,
  ),
);

const withUnresolvedReusers = statement((db, page: PageArguments) =>
  pageById(
    composes(db)
      .where('c.state', 'not in', [state('WAIT'), state('GENERATING')])
      .where('c.id', 'in', ({ selectFrom }) =>
        selectFrom('compose')
          .select(({ ref }) => ref('compose.reuses').$notNull().as('id'))
          .where('compose.state', '=', state('GENERATING'))
          .where('compose.reuses', 'is not', null),
      ),
    page,
  ),
);

// A compose with attempts has been in WAIT since its last event to WAIT. One without attempts has been in WAIT since its
// submission, even if it was a reuser in between.
const waitedTooLong = statement((db, page: PageArguments, before: Date) =>
  pageById(
    composes(db)
      .where('c.state', '=', state('WAIT'))
      .where('c.submitted_at', '<=', before)
      .where((eb) =>
        eb.or([
          eb('c.attempt', '=', eb.lit(0)),
          eb.not(
            eb.exists(
              eb
                .selectFrom('compose_event as e')
                .select('e.seq')
                .whereRef('e.compose_id', '=', 'c.id')
                .where('e.to_state', '=', state('WAIT'))
                .where('e.at', '>', before),
            ),
          ),
        ]),
      ),
    page,
  ),
);
