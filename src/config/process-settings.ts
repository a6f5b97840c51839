// Settings of a process: what it does, where it listens, its database, its log and its worker.

import { z } from 'zod';
import { AUTH_METHODS } from '../auth/registry.ts';
import { DEFAULT_POOL } from '../compose/routing.ts';
import { poolSchema } from './routes.ts';
import { httpUrl, isDecodable, list, oneOf, seconds, setting, text, wholeNumber, type Kind } from './setting.ts';

const ROLES = ['all', 'api', 'worker'] as const;

const databaseUrl: Kind<string> = {
  schema: z.url({ protocol: /^postgres(ql)?$/, abort: true }).refine((url) => isDecodable(url)),
  expected: 'a PostgreSQL URL, postgres://user:password@host:5432/database (% in a password as %25)',
};

export const PROCESS_SETTINGS = {
  role: setting({
    env: 'ODCS_ROLE',
    kind: oneOf(ROLES),
    default: 'all',
    text: 'What this process is for: `api` serves requests, `worker` generates composes, `all` does both. The port of a worker serves the API, too.',
  }),
  dataDir: setting({
    env: 'ODCS_DATA_DIR',
    kind: text('a directory'),
    default: './data',
    text: 'Directory of the embedded PostgreSQL and, without `results.targetDir`, of the results.',
  }),
  configFile: setting({
    env: 'ODCS_CONFIG',
    kind: text('the path of a YAML file'),
    without: 'none',
    isEnvironmentOnly: true,
    text: 'YAML file with settings. The environment wins over the file.',
  }),
  'http.host': setting({
    env: 'HOST',
    kind: text('an address or host name'),
    default: '127.0.0.1',
    text: 'Address to listen on. Other machines reach the service only if this is not a loopback address.',
  }),
  'http.port': setting({
    env: 'PORT',
    kind: wholeNumber(0, 65_535),
    default: 8080,
    text: 'TCP port to listen on. 0 takes a free one.',
  }),
  'http.publicUrl': setting({
    env: 'ODCS_PUBLIC_URL',
    kind: httpUrl,
    without: 'http://HOST:PORT',
    text: 'URL under which clients reach the service. URLs of results and .repo files begin with it.',
  }),
  'auth.methods': setting({
    env: 'ODCS_AUTH_METHODS',
    kind: list(
      `authentication methods (${AUTH_METHODS.join(', ')})`,
      z.string().refine((name) => AUTH_METHODS.includes(name), `must be one of ${AUTH_METHODS.join(', ')}`),
      1,
    ),
    default: ['noauth'],
    text: 'Authentication methods, in order. The first one that finds credentials in a request decides. `noauth` lets everyone do everything.',
  }),
  'database.url': setting({
    env: 'DATABASE_URL',
    kind: databaseUrl,
    without: 'embedded PostgreSQL',
    isSecret: true,
    text: 'PostgreSQL server and database. Without it, the process starts a PostgreSQL of its own in `dataDir`.',
  }),
  'database.poolSize': setting({
    env: 'ODCS_DATABASE_POOL_SIZE',
    former: 'ODCS_DATABASE_POOL',
    kind: wholeNumber(4, 200, 'connections'),
    default: 16,
    text: 'Most connections that this process uses for its work. A few more serve leases and notifications.',
  }),
  'log.level': setting({
    env: 'ODCS_LOG_LEVEL',
    kind: oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
    text: 'Least severe level that is logged. The log is JSON lines on standard error.',
  }),
  'worker.concurrency': setting({
    env: 'ODCS_CONCURRENCY',
    kind: wholeNumber(1, 64, 'composes'),
    default: 2,
    text: 'Composes that a worker generates at the same time.',
  }),
  'worker.pools': setting({
    env: 'ODCS_POOLS',
    kind: list('pools', poolSchema, 1),
    default: [DEFAULT_POOL],
    text: 'Pools from which a worker takes composes. `queue.routes` assigns composes to pools.',
  }),
  'worker.drainSeconds': setting({
    env: 'ODCS_DRAIN_SECONDS',
    kind: seconds(0, 86_400),
    default: 30,
    text: 'How long a stopping worker lets running composes continue before it hands them back to the queue.',
  }),
} as const;
