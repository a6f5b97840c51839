// The only reader of `process.env`. Every setting is one row of SETTINGS: its variable, what it means, its default and
// its schema; the help text, the README's table and the YAML keys all follow from the rows. `loadConfig` either gives
// the frozen configuration or names every mistake at once.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { DEFAULT_POOL } from '../compose/routing.ts';
import { COMPOSE_TYPES, SOURCE_TYPES } from '../compose/vocabulary.ts';
import { kojiSettings } from './koji.ts';
import { ctsSettings, pulpSettings, rawConfigSettings, structure } from './services.ts';

export const ROLES = ['all', 'api', 'worker'] as const;
export type Role = (typeof ROLES)[number];

const seconds = (minimum: number, maximum = 31_536_000) => z.coerce.number().int().min(minimum).max(maximum);
const list = z
  .union([z.string(), z.array(z.string())])
  .transform((value) =>
    (Array.isArray(value) ? value : value.split(',')).map((item) => item.trim()).filter((item) => item !== ''),
  );
const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
const engine = z.enum(['auto', 'pungi', 'dnf']);
const name = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const pool = z.string().max(50).regex(name);
const route = z.strictObject({
  pool,
  sourceTypes: z.array(z.enum(SOURCE_TYPES)).min(1).optional(),
  arches: z.array(z.string()).min(1).optional(),
  composeTypes: z.array(z.enum(COMPOSE_TYPES)).min(1).optional(),
  targetDirs: z.array(z.string()).min(1).optional(),
});

interface Setting<T> {
  readonly schema: z.ZodType<T>;
  /** Shown in the help; the value used is whatever the schema makes of `undefined`. */
  readonly shownDefault: string;
  readonly help: string;
}

function setting<T>(schema: z.ZodType<T>, shownDefault: string, help: string): Setting<T> {
  return { schema, shownDefault, help };
}

export const SETTINGS = {
  HOST: setting(z.string().min(1).default('127.0.0.1'), '127.0.0.1', 'Address to listen on.'),
  PORT: setting(
    z.coerce.number().int().min(0).max(65_535).default(8080),
    '8080',
    'Port to listen on; 0 takes a free one.',
  ),
  ODCS_ROLE: setting(z.enum(ROLES).default('all'), 'all', 'What this process does: all, api or worker.'),
  DATABASE_URL: setting(
    z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    '(embedded)',
    'PostgreSQL to use; without it an embedded one lives in ODCS_DATA_DIR.',
  ),
  ODCS_DATABASE_POOL: setting(
    z.coerce.number().int().min(4).max(200).default(16),
    '16',
    'Connections of this process to PostgreSQL for its work, at most; a few more are for its leases and for listening.',
  ),
  ODCS_DATA_DIR: setting(
    z.string().min(1).default('./data'),
    './data',
    'Where the embedded PostgreSQL and, unless told otherwise, the results live.',
  ),
  ODCS_CONFIG: setting(
    z.string().min(1).optional(),
    '(none)',
    'YAML file with any of these settings, by the same names; the environment wins.',
  ),
  ODCS_TARGET_DIR: setting(
    z.string().min(1).optional(),
    '$ODCS_DATA_DIR/composes',
    'Where results are published: the target directory called `default`.',
  ),
  ODCS_TARGET_DIRS: setting(
    z.record(z.string().regex(name), z.string().min(1)).default({}),
    '{}',
    'Further target directories, name to path (YAML only).',
  ),
  ODCS_ADOPT_TARGET: setting(
    z.stringbool().default(false),
    '0',
    '1: take over target directories that belong to another database.',
  ),
  ODCS_PUBLIC_URL: setting(httpUrl.optional(), 'http://HOST:PORT', 'What .repo files and result URLs point to.'),
  ODCS_ARCHES: setting(
    list.pipe(z.array(z.string().regex(/^[a-z0-9_]+$/)).min(1)).default(['x86_64']),
    'x86_64',
    'Arches that may be asked for, comma-separated; also what a request without arches gets.',
  ),
  ODCS_CONCURRENCY: setting(
    z.coerce.number().int().min(1).max(64).default(2),
    '2',
    'Composes that a worker generates at a time.',
  ),
  ODCS_POOLS: setting(
    list.pipe(z.array(pool).min(1)).default([DEFAULT_POOL]),
    'default',
    'Pools that a worker takes composes of, comma-separated.',
  ),
  ODCS_ROUTES: setting(
    structure(z.array(route).default([])),
    '[]',
    'Which pool a compose is for: a list of pool and any of sourceTypes, arches, composeTypes, targetDirs; the first that fits, else default. Alike in every process (YAML).',
  ),
  ODCS_MAX_OPEN_PER_OWNER: setting(
    z.coerce.number().int().min(1).optional(),
    '(none)',
    'Composes that one owner may have waiting or generating; more are RATE_LIMITED.',
  ),
  ODCS_ENGINE: setting(
    structure(engine.or(z.partialRecord(z.enum(SOURCE_TYPES), engine)).default('auto')),
    'auto',
    'auto, pungi or dnf; auto prefers Pungi where pungi-koji is found. In YAML also by source type: {REPO: dnf, TAG: auto}.',
  ),
  ODCS_PUNGI_TIMEOUT: setting(
    seconds(1, 23 * 3600).default(3600),
    '3600',
    'Seconds until an engine is stopped and the compose fails with TIMED_OUT; at most 23 h.',
  ),
  ODCS_REPO_ROOTS: setting(
    list.optional(),
    '/ while HOST is loopback, else none',
    'Local directories that repositories may lie below, comma-separated.',
  ),
  ODCS_URL_ALLOW: setting(
    list.pipe(z.array(httpUrlPrefix())).optional(),
    'all while HOST is loopback, else public addresses',
    'URL prefixes that repositories may lie below, comma-separated.',
  ),
  ODCS_LINK: setting(
    z.enum(['auto', 'reflink', 'hardlink', 'copy']).default('auto'),
    'auto',
    'How RPMs come into a compose: auto = reflink, else hard link, else copy; copy for sources that are rewritten in place.',
  ),
  ODCS_SECONDS_TO_LIVE: setting(
    seconds(1).default(86_400),
    '86400',
    'How long results are kept where the request does not say.',
  ),
  ODCS_MAX_SECONDS_TO_LIVE: setting(
    seconds(1).default(259_200),
    '259200',
    'The longest that a request may ask for; more is capped.',
  ),
  ODCS_MAX_ATTEMPTS: setting(
    z.coerce.number().int().min(1).max(100).default(3),
    '3',
    'Workers that a compose may lose before it fails with WORKER_LOST.',
  ),
  ODCS_MAX_WAIT: setting(
    seconds(1).default(259_200),
    '259200',
    'Seconds after which a compose that nobody took fails with TIMED_OUT.',
  ),
  ODCS_DRAIN_SECONDS: setting(
    seconds(0, 86_400).default(30),
    '30',
    'How long a worker that is stopped lets its composes go on before it hands them back.',
  ),
  ODCS_LEFTOVER_GRACE: setting(
    seconds(0, 31_536_000).default(3600),
    '3600',
    'Seconds that a directory nobody needs any more must have been left alone before it is cleared away.',
  ),
  ODCS_MIN_FREE_BYTES: setting(
    z.coerce.number().int().min(0).default(268_435_456),
    '268435456',
    'Below this much free space in a target directory a worker starts no compose for it.',
  ),
  ODCS_KOJI: setting(
    structure(kojiSettings.optional()),
    '(none)',
    'The Koji that tags, builds and modules are taken from: profile, server, topUrl, topDir, repoUrl; or profile and configFile, a koji.conf (YAML).',
  ),
  ODCS_TAG_CACHE_SECONDS: setting(
    seconds(0).default(604_800),
    '604800',
    'How long what Pungi read of a tag is kept for the next compose of the tag, in the target directory; 0 = not at all.',
  ),
  ODCS_TAG_CACHE_BYTES: setting(
    z.coerce.number().int().min(0).default(10_737_418_240),
    '10737418240',
    'How much of it is kept in each target directory; what was not used for longest goes first.',
  ),
  ODCS_MBS_URL: setting(
    httpUrl.optional(),
    '(none)',
    'API of the Module Build Service, e.g. https://mbs.example.com/module-build-service: modules need it, but those of modular tags.',
  ),
  ODCS_BASE_MODULES: setting(
    list.default(['platform', 'bootstrap']),
    'platform,bootstrap',
    'Modules that others are built on and that are part of no compose, comma-separated.',
  ),
  ODCS_SIGKEYS: setting(
    list.default([]),
    '(none)',
    'Keys that packages must be signed with where a request names none, comma-separated; none = they need no signature.',
  ),
  ODCS_MODULE_DEFAULTS_URLS: setting(
    list.pipe(z.array(httpUrlPrefix())).optional(),
    'all while HOST is loopback, else none',
    'URL prefixes that git repositories of module defaults may lie below, comma-separated.',
  ),
  ODCS_PULP: setting(
    structure(pulpSettings.optional()),
    '(none)',
    'The Pulp that content sets are looked up in: url, kind (2 or 3), and where needed contentUrl, username, passwordFile, certFile, keyFile, caFile, apiPath, labels (YAML).',
  ),
  ODCS_PULP_PASSWORD: setting(
    z.string().min(1).optional(),
    '(none)',
    'Password of the username in ODCS_PULP, where no passwordFile holds it.',
  ),
  ODCS_RAW_CONFIGS: setting(
    structure(rawConfigSettings.default({})),
    '{}',
    'Pungi configurations that composes may be made from: name to url, configFile, and where needed path, commit, wrapper, schemaOverride, timeoutSeconds, arguments (YAML).',
  ),
  ODCS_CTS: setting(
    structure(ctsSettings.optional()),
    '(none)',
    'The Compose Tracking Service that gives composes their Pungi ids: url and, where it is needed, tokenFile, the file of a bearer token (YAML).',
  ),
  ODCS_LOG_LEVEL: setting(
    z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    'info',
    'What is logged, as JSON lines on standard error.',
  ),
} as const;

function httpUrlPrefix() {
  return z.url({ protocol: /^https?$/ });
}

type Raw = { [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

export interface Config extends Omit<
  Raw,
  'ODCS_TARGET_DIR' | 'ODCS_TARGET_DIRS' | 'ODCS_REPO_ROOTS' | 'ODCS_DATA_DIR'
> {
  /** Where engines are looked for. */
  readonly PATH: string;
  readonly dataDir: string;
  /** By name; `default` is always there. */
  readonly targetDirs: Readonly<Record<string, string>>;
  readonly hostIsLoopback: boolean;
  readonly repoRoots: readonly string[];
  /** Undefined = any URL. */
  readonly moduleDefaultsUrls: readonly string[] | undefined;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

export function loadConfig(env: NodeJS.ProcessEnv = process.env): Loaded {
  const problems: string[] = [];
  const file = readYaml(env['ODCS_CONFIG'], problems);
  const raw: Record<string, unknown> = {};
  for (const [key, { schema }] of Object.entries(SETTINGS)) {
    const given = env[key] === undefined || env[key] === '' ? file[key] : env[key];
    const parsed = schema.safeParse(given);
    if (parsed.success) raw[key] = parsed.data;
    else
      problems.push(
        ...parsed.error.issues.map(
          (issue) =>
            `${[key, ...issue.path].join('.')}: ${issue.message}${given === undefined ? '' : ` (is ${JSON.stringify(given)})`}`,
        ),
      );
  }
  const unknown = (key: string) => !(key in SETTINGS);
  problems.push(...Object.keys(file).filter(unknown).map(noSuchSetting));
  // A variable may be another program's (a client's ODCS_URL): worth a word, not a refusal.
  const warnings = Object.keys(env)
    .filter((key) => key.startsWith('ODCS_') && unknown(key))
    .map(noSuchSetting);
  if (problems.length === 0) problems.push(...crossChecks(raw as Raw));
  return problems.length > 0
    ? { ok: false, problems: [...new Set(problems)] }
    : { ok: true, config: freeze(raw as Raw, env['PATH'] ?? ''), warnings };
}

function noSuchSetting(key: string): string {
  return `${key}: there is no such setting; \`npm start -- --help\` lists all`;
}

function readYaml(path: string | undefined, problems: string[]): Record<string, unknown> {
  if (!path) return {};
  try {
    const content: unknown = parseYaml(readFileSync(path, 'utf8')) ?? {};
    if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>;
    problems.push(`ODCS_CONFIG: ${path} must hold a mapping of settings`);
  } catch (error) {
    problems.push(`ODCS_CONFIG: ${path} cannot be read as YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  return {};
}

function crossChecks(raw: Raw): string[] {
  const problems: string[] = [];
  if (raw.ODCS_SECONDS_TO_LIVE > raw.ODCS_MAX_SECONDS_TO_LIVE)
    problems.push('ODCS_SECONDS_TO_LIVE: must not be more than ODCS_MAX_SECONDS_TO_LIVE');
  if ('default' in raw.ODCS_TARGET_DIRS) problems.push('ODCS_TARGET_DIRS: `default` is set by ODCS_TARGET_DIR');
  for (const root of raw.ODCS_REPO_ROOTS ?? [])
    if (!root.startsWith('/')) problems.push(`ODCS_REPO_ROOTS: ${root} is not an absolute path`);
  if (raw.ODCS_ROLE !== 'all' && raw.DATABASE_URL === undefined)
    problems.push(
      `DATABASE_URL: needed for ODCS_ROLE=${raw.ODCS_ROLE}; the embedded PostgreSQL serves one process only`,
    );
  if (raw.ODCS_MBS_URL && !raw.ODCS_KOJI)
    problems.push('ODCS_MBS_URL: modules are built in Koji: ODCS_KOJI is needed too');
  if (raw.ODCS_PULP?.username && raw.ODCS_PULP.password === undefined && raw.ODCS_PULP_PASSWORD === undefined)
    problems.push('ODCS_PULP: a username needs a password: name a passwordFile, or set ODCS_PULP_PASSWORD');
  return problems;
}

function freeze(raw: Raw, path: string): Config {
  const { ODCS_TARGET_DIR, ODCS_TARGET_DIRS, ODCS_REPO_ROOTS, ODCS_DATA_DIR, ...rest } = raw;
  const dataDir = resolve(ODCS_DATA_DIR);
  const hostIsLoopback = isLoopback(raw.HOST);
  return Object.freeze({
    ...rest,
    PATH: path,
    dataDir,
    targetDirs: Object.freeze({
      default: resolve(ODCS_TARGET_DIR ?? join(dataDir, 'composes')),
      ...Object.fromEntries(Object.entries(ODCS_TARGET_DIRS).map(([key, path]) => [key, resolve(path)])),
    }),
    hostIsLoopback,
    moduleDefaultsUrls: raw.ODCS_MODULE_DEFAULTS_URLS ?? (hostIsLoopback ? undefined : []),
    repoRoots: Object.freeze(ODCS_REPO_ROOTS ?? (hostIsLoopback ? ['/'] : [])),
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export function helpText(): string {
  const rows = Object.entries(SETTINGS).map(
    ([key, { shownDefault, help }]) => `  ${key}\n      ${help}\n      Default: ${shownDefault}`,
  );
  return `Settings are environment variables, or keys of the YAML file that ODCS_CONFIG names.\n\n${rows.join('\n')}\n`;
}
