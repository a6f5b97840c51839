// The pool of connections to PostgreSQL, under MikroORM, and transactions on it. Statements go through an `Em`: Kysely
// with the tables of the entities, or the EntityManager's own methods.

import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, type EntityManager, type PostgreSqlDriver } from '@mikro-orm/postgresql';
import pg, { type Pool, type PoolConfig } from 'pg';
import type { Logger } from '../app/ports.ts';
import { DRIVER_TYPES } from './driver-types.ts';
import type { Em, Orm } from './em.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { settleWithin } from '../concurrency/settle-within.ts';
import { ENTITIES } from './entities.ts';
import { MIGRATION_TABLE, migrationsList } from './migrations.ts';
import { prepareOn } from './prepared.ts';
import { connectionSettings } from './session.ts';
import { endSilentConnections } from './silent-connections.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Maximum number of connections; 10 by default. */
  readonly poolSize?: number;
  readonly applicationName?: string;
}

export interface Database {
  readonly url: string;
  readonly orm: Orm;
  /** Connections of their own for pg-boss, so that its heartbeats never wait for slow reads. Opened when they are used. */
  readonly queuePool: Pool;
  /** Outside of any transaction. */
  readonly em: Em;
  /** Retries once on a serialization failure or a deadlock. */
  transaction<T>(work: (em: Em) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// A process that freezes inside a transaction holds its locks for `idle_in_transaction_session_timeout`. A statement that
// waits for such a lock fails before its client's own timeout.
const SETTINGS = ['idle_in_transaction_session_timeout=8s', 'lock_timeout=5s', 'statement_timeout=60s'];
/** A request waits at most this long for a connection and at most twice as long for a lost answer: below 10 s in all. */
const PATIENCE_MS = 2_500;
const CONNECT_MS = 4_000;
const QUEUE_POOL_SIZE = 4;
/** Closing waits this long for running statements. */
const CLOSE_LIMIT_MS = 5_000;

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const orm = await connect(options);
  const em = orm.em.fork();
  const queuePool = openQueuePool(options);
  return {
    url: options.url,
    orm,
    queuePool,
    em,
    // Kysely's transaction: MikroORM's own never returns a connection to the pool on which BEGIN failed.
    transaction: (work) =>
      retryConflicts(() =>
        em
          .getKysely()
          .transaction()
          .execute((transaction) => {
            const inside = em.fork();
            inside.setTransactionContext(transaction);
            return work(inside);
          }),
      ),
    close: async () => void (await settleWithin(CLOSE_LIMIT_MS, Promise.all([orm.close(true), queuePool.end()]))),
  };
}

async function connect(options: DatabaseOptions): Promise<Orm> {
  const orm: Orm = await MikroORM.init<PostgreSqlDriver, EntityManager, typeof ENTITIES>({
    dbName: decodeURIComponent(new URL(options.url).pathname.slice(1)),
    entities: ENTITIES,
    extensions: [Migrator],
    migrations: { migrationsList: migrationsList(), snapshot: false, tableName: MIGRATION_TABLE },
    forceUtcTimezone: true,
    disableIdentityMap: true,
    debug: false,
    logger: (message) => options.logger.debug({}, message),
    driverOptions: {
      ...poolConfig(options, options.poolSize ?? 10),
      types: DRIVER_TYPES,
      onPoolCreated: (pool: Pool) => {
        endSilentConnections(pool, { url: options.url, patienceMs: PATIENCE_MS });
        prepareOn(pool);
      },
    },
  });
  await orm.em.getConnection().connect();
  return orm;
}

function openQueuePool(options: DatabaseOptions): Pool {
  const pool = new pg.Pool(poolConfig(options, QUEUE_POOL_SIZE));
  // An idle connection that is lost is replaced at its next use.
  pool.on('error', (error) => options.logger.debug({ err: error }, 'An idle connection of the queue was lost'));
  endSilentConnections(pool, { url: options.url, patienceMs: PATIENCE_MS });
  return pool;
}

function poolConfig({ url, applicationName = 'odcs' }: DatabaseOptions, max: number): PoolConfig {
  return {
    connectionString: url,
    application_name: applicationName,
    max,
    options: connectionSettings(...SETTINGS),
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  };
}

function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  // Serialization failures and deadlocks.
  const isConflict = (error: unknown) => ['40001', '40P01'].includes(sqlState(error) ?? '');
  return retryErrors(RETRY_POLICIES['transaction-conflict'], null, work, isConflict);
}

/** SQLSTATE of an error from PostgreSQL. */
export function sqlState(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The unique index or constraint that a statement would have violated. */
export function violatedConstraint(error: unknown): string | null {
  if (sqlState(error) !== '23505') return null;
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : null;
}
