// An EntityManager whose statements run on a session instead of the pool.

import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import type { Em } from './em.ts';
import type { Session } from './session.ts';

/** MikroORM runs the statements of an EntityManager on its transaction context, which here is the session. */
export function emOn(session: Session, em: Em): Em {
  const client = {
    query: (sql: string, parameters: readonly unknown[]) => session.query(sql, parameters),
    release: () => undefined,
  };
  const pool = { connect: async () => client, end: async () => undefined } as unknown as PostgresPool;
  const inSession = em.fork();
  inSession.setTransactionContext(new Kysely({ dialect: new PostgresDialect({ pool }) }));
  return inSession;
}
