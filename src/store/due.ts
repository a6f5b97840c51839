// Finds the composes that a chore must handle, a page at a time.

import type { DueQuery, RunStatement } from '../app/ports.ts';
import { timestamp } from './compose-row.ts';
import { prepared } from './prepared.ts';

export async function due(run: RunStatement, query: DueQuery): Promise<readonly string[]> {
  const [sql, ...parameters] = statementOf(query);
  const rows = await run<{ id: string }>(sql, [query.after ?? null, query.limit, ...parameters]);
  return rows.map(({ id }) => id);
}

/** The statement, and its parameters from $3 on: $1 is the id that ends the page before, or null, and $2 the limit. */
function statementOf(query: DueQuery): [sql: string, ...parameters: unknown[]] {
  switch (query.what) {
    case 'EXPIRED':
      return [EXPIRED, timestamp(query.at), query.targetDirs];
    case 'EXPIRED_OR_REMOVING':
      return [EXPIRED_OR_REMOVING, timestamp(query.at), query.targetDirs];
    case 'HALF_REMOVED':
      return [HALF_REMOVED, timestamp(query.before), query.targetDirs];
    case 'EXPIRED_PINS':
      return [EXPIRED_PINS, timestamp(query.at)];
    case 'LATEST_LINKS':
      return [LATEST_LINKS, query.targetDirs];
    case 'UNRESOLVED_REUSERS':
      return [UNRESOLVED_REUSERS];
    case 'WAITED_TOO_LONG':
      return [WAITED_TOO_LONG, timestamp(query.before)];
  }
}

/** Continues after compose $1 in the order of a column, ties by id. */
function pageBy(column: 'expires_at' | 'done_at'): string {
  return `
    and ($1::bigint is null or (c.${column}, c.id) > (select a.${column}, a.id from compose a where a.id = $1::bigint))
  order by c.${column}, c.id limit $2`;
}

const PAGE_BY_ID = 'and ($1::bigint is null or c.id > $1::bigint) order by c.id limit $2';

const EXPIRED_UNPINNED = `
  select c.id from compose c
  where c.expires_at <= $3 and c.state in ('DONE', 'FAILED') and c.target_dir = any($4::text[])
    and not exists (
      select 1 from pin where pin.compose_id = c.id and (pin.expires_at is null or pin.expires_at > $3)
    )`;
const EXPIRED = prepared(`${EXPIRED_UNPINNED} and c.removing_at is null ${pageBy('expires_at')}`);
const EXPIRED_OR_REMOVING = prepared(`${EXPIRED_UNPINNED} ${pageBy('expires_at')}`);
const HALF_REMOVED = prepared(`
  select c.id from compose c
  where c.removing_at <= $3 and c.state <> 'REMOVED' and c.target_dir = any($4::text[]) ${PAGE_BY_ID}`);
const EXPIRED_PINS = prepared(`
  select c.id from compose c
  where c.state <> 'REMOVED' and c.removing_at is null
    and c.id in (select compose_id from pin where expires_at <= $3) ${PAGE_BY_ID}`);
const LATEST_LINKS = prepared(`
  select c.id from compose c
  where c.links_due and c.target_dir = any($3::text[]) ${pageBy('done_at')}`);
const UNRESOLVED_REUSERS = prepared(`
  select c.id from compose c
  where c.state not in ('WAIT', 'GENERATING')
    and c.id in (select reuses from compose where state = 'GENERATING' and reuses is not null) ${PAGE_BY_ID}`);
// A compose with attempts was in WAIT again since an event; one without attempts waits since its submission, even if it
// was a reuser in between.
const WAITED_TOO_LONG = prepared(`
  select c.id from compose c
  where c.state = 'WAIT' and c.submitted_at <= $3 and (c.attempt = 0 or not exists (
    select 1 from compose_event e where e.compose_id = c.id and e.to_state = 'WAIT' and e.at > $3
  )) ${PAGE_BY_ID}`);
