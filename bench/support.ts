// Shared by the benches: databases filled with composes, service processes, an HTTP load, medians.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Pool } from 'undici';
import { createLogger } from '../src/bootstrap/logger.ts';
import { openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrations.ts';

export interface BenchOptions {
  readonly databaseUrl: string;
  readonly directory: string;
}

/** A migrated database with finished composes of a hundred owners. */
export async function filledDatabase(serverUrl: string, composes: number): Promise<string> {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  await withClient(serverUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = await openDatabase({ url: url.href, logger: createLogger('error') });
  await migrate(database.orm, url.href);
  await database.close();
  await fill(url.href, composes);
  return url.href;
}

export async function fill(url: string, composes: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(
      'set statement_timeout = 0; set session_replication_role = replica; set synchronous_commit = off',
    );
    await client.query(FILL, [composes]);
    await client.query(FILL_EVENTS);
    await client.query('analyze');
  });
}

const FILL = `
  insert into compose (owner, state, state_reason, source, source_key, seconds_to_live, arches, flags, results, sigkeys, multilib_arches,
    multilib_methods, lookaside_repos, compose_type, target_dir, parent_pungi_compose_ids, submitted_at, started_at, done_at, expires_at, attempt, seq, digest)
  select 'owner-' || n % 100, (array['DONE', 'DONE', 'DONE', 'FAILED', 'REMOVED'])[1 + n % 5], 'Compose is generated successfully',
    jsonb_build_object('type', 'REPO', 'repo', '/srv/repos/' || n % 1000, 'packages', jsonb_build_array('bash'), 'revisions', jsonb_build_array('1')),
    '/srv/repos/' || n % 1000, 86400, '{x86_64}', '{}', '{REPOSITORY}', '{}', '{}', '{}', '{}', 'TEST', 'default', '{}',
    now() - (n || ' seconds')::interval, now() - (n || ' seconds')::interval, now() - (n || ' seconds')::interval, now() + interval '1 year', 1, 3,
    encode(sha256(('bench' || n)::bytea), 'hex')
  from generate_series($1::int, 1, -1) n`;
const FILL_EVENTS = `
  insert into compose_event (compose_id, seq, position, kind, at, from_state, to_state, by, snapshot)
  select id, 1, nextval('compose_event_position_seq'), 'STATE_CHANGED', submitted_at, null, 'WAIT', owner,
    jsonb_build_object('state', 'WAIT', 'stateReason', '', 'attempt', 0, 'expiresAt', expires_at)
  from compose where not exists (select 1 from compose_event e where e.compose_id = compose.id)`;

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface Served {
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

/** Starts a process of the service. */
export function serve(environment: Record<string, string>): Promise<Served> {
  return serving([fileURLToPath(new URL('../dist/main.js', import.meta.url))], environment);
}

/** Starts a process and waits for its log entry `Serving`. */
export function serving(program: readonly string[], environment: Record<string, string> = {}): Promise<Served> {
  const child = spawn(process.execPath, program, {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...environment },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The service exited with ${code}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const entry = JSON.parse(line) as { msg: string; graphql?: string };
      if (entry.msg === 'Serving')
        resolve({
          url: String(entry.graphql).replace(/\/graphql$/, ''),
          pid: child.pid ?? 0,
          stop: () => child.kill('SIGKILL'),
        });
    });
  });
}

/** The processor time that a process has used. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * 10;
}

export interface Request {
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers per second over `seconds`. Each connection has one request at a time. */
export async function load(origin: string, connections: number, seconds: number, next: () => Request): Promise<number> {
  const pool = new Pool(origin, { connections });
  const end = performance.now() + seconds * 1000;
  let answered = 0;
  const one = async () => {
    while (performance.now() < end) {
      const { path, body, headers } = next();
      const answer = await pool.request({
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body }),
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || text.includes('"errors"'))
        throw new Error(`${answer.statusCode}: ${text.slice(0, 500)}`);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  await pool.close();
  return answered / seconds;
}

export function quantile(values: readonly number[], q: number): number {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * q))] ?? NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
