// The connections to PostgreSQL: one pool per process that does the work, under MikroORM, and a small one for what must
// not wait for that. Everything is a statement and its rows, through `run`; MikroORM has the pool and the migrations.

import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { CompiledQuery, type Kysely } from 'kysely';
import pg, { type Pool } from 'pg';
import type { Logger, RunStatement } from '../app/ports.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { settleWithin } from '../concurrency/settle-within.ts';
import { ENTITIES } from './entities.ts';
import { MIGRATION_TABLE, migrationsList } from './migrations.ts';
import { prepareOn } from './prepared.ts';
import { endSilentConnections } from './silent-connections.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Connections at most. */
  readonly poolSize?: number;
  readonly applicationName?: string;
}

export interface Database {
  readonly url: string;
  readonly orm: MikroORM;
  /** For pg-boss, which brings statements of its own. */
  readonly pool: Pool;
  readonly run: RunStatement;
  /** Retries once on a serialization failure or a deadlock. */
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// What the server keeps for a client that is out of reach goes as soon.
const KEEPALIVES = ['-c tcp_keepalives_idle=10', '-c tcp_keepalives_interval=3', '-c tcp_keepalives_count=3'];
// A process that is frozen in a transaction holds its locks for no longer than this; who waits for one gives up before
// its client does.
const SESSION = [
  '-c timezone=UTC',
  '-c idle_in_transaction_session_timeout=8s',
  '-c lock_timeout=5s',
  '-c statement_timeout=60s',
  '-c jit=off',
  ...KEEPALIVES,
].join(' ');
/** A request waits for a connection, and then for an answer twice as long as this at most: together less than 10 s. */
const PATIENCE_MS = 2_500;
const CONNECT_MS = 4_000;
/** Closing waits this long for running statements. */
const CLOSE_LIMIT_MS = 5_000;

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  let created: Pool | undefined;
  const orm = await MikroORM.init({
    dbName: decodeURIComponent(new URL(options.url).pathname.slice(1)),
    entities: [...ENTITIES],
    extensions: [Migrator],
    migrations: { migrationsList: migrationsList(), snapshot: false, tableName: MIGRATION_TABLE },
    forceUtcTimezone: true,
    debug: false,
    logger: (message) => options.logger.debug({}, message),
    driverOptions: {
      connectionString: options.url,
      application_name: options.applicationName ?? 'odcs',
      max: options.poolSize ?? 10,
      options: SESSION,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
      onPoolCreated: (pool: Pool) => {
        endSilentConnections(pool, { url: options.url, patienceMs: PATIENCE_MS });
        prepareOn(pool);
        created = pool;
      },
    },
  });
  const connection = orm.em.getConnection();
  await connection.connect();
  const kysely = connection.getClient();
  const pool = created;
  if (!pool) throw new Error('MikroORM created no pool');
  return {
    url: options.url,
    orm,
    pool,
    run: runOn(kysely),
    // Not MikroORM's own: it never gives back a connection on which BEGIN failed, because it was cut while it was idle.
    transaction: (work) =>
      retryConflicts(() => kysely.transaction().execute((transaction) => work(runOn(transaction)))),
    close: async () => void (await settleWithin(CLOSE_LIMIT_MS, orm.close(true))),
  };
}

export interface SmallPool {
  readonly run: RunStatement;
  close(): Promise<void>;
}

/** For single statements that must not wait until others have theirs answered: a lease, above all. */
export function openSmallPool(options: DatabaseOptions): SmallPool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName ?? 'odcs',
    max: options.poolSize ?? 2,
    options: SESSION,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  });
  // Of a connection that nobody uses just then: the next statement gets another.
  pool.on('error', (error) => options.logger.debug({ err: error }, 'An idle connection was lost'));
  endSilentConnections(pool, { url: options.url, patienceMs: PATIENCE_MS });
  prepareOn(pool);
  return {
    run: async <Row extends object>(sql: string, parameters: readonly unknown[]) =>
      (await pool.query<Row>(sql, [...parameters])).rows,
    close: () => pool.end(),
  };
}

function runOn(executor: Pick<Kysely<unknown>, 'executeQuery'>): RunStatement {
  return async <Row extends object>(sql: string, parameters: readonly unknown[]) =>
    (await executor.executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))).rows;
}

function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  // Serialization failures and deadlocks.
  const isConflict = (error: unknown) => ['40001', '40P01'].includes(sqlState(error) ?? '');
  return retryErrors(RETRY_POLICIES['transaction-conflict'], null, work, isConflict);
}

/** SQLSTATE of an error that PostgreSQL answered with. */
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
