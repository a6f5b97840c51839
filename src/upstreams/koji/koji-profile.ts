// Where a Koji is and how to call it: from a section of koji.conf, as Koji's own tools read it, or from our settings. Every
// mistake is reported at once, by its key.

import { parse as parseIni } from 'ini';
import { z } from 'zod';
import { RETRY_POLICIES } from '../../concurrency/retry-policies.ts';

export interface KojiProfile {
  readonly name: string;
  /** The hub, e.g. https://koji.fedoraproject.org/kojihub */
  readonly server: string;
  /** Where its files are served, e.g. https://kojipkgs.fedoraproject.org; null if none is configured. */
  readonly topUrl: string | null;
  /** Where its files are mounted, e.g. /mnt/koji */
  readonly topDir: string | null;
  readonly webUrl: string | null;
  /** Between two pieces of an answer; the hub needs a while to list a large tag. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Connections to the hub, and so requests at a time. */
  readonly concurrency: number;
  /** Tries of a request whose transport fails. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly maxResponseBytes: number;
  /** Calls in one multiCall. */
  readonly multiCallSize: number;
}

interface ProfileProblem {
  /** The key of `KojiProfile`; null when the whole profile is wrong. */
  readonly key: string | null;
  readonly message: string;
}

type ProfileRead = { readonly profile: KojiProfile } | { readonly problems: readonly ProfileProblem[] };

/** Of the keys that are numbers. */
export const KOJI_PROFILE_DEFAULTS = {
  timeoutMs: 120_000,
  connectTimeoutMs: 10_000,
  concurrency: 4,
  ...RETRY_POLICIES['koji-hub'],
  maxResponseBytes: 512 * 1024 * 1024,
  multiCallSize: 100,
} as const satisfies Partial<KojiProfile>;

const url = z
  .string('must be an http(s) URL')
  .refine(isHttpUrl, 'must be an http(s) URL without user name and password')
  .transform((text) => text.replace(/\/+$/, ''));
const optionalUrl = url.nullish().transform((value) => value ?? null);
const positive = (most: number) => z.coerce.number().int().min(1).max(most);

const schema = z.strictObject({
  server: url,
  topUrl: optionalUrl,
  topDir: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .nullish()
    .transform((value) => value ?? null),
  webUrl: optionalUrl,
  timeoutMs: positive(86_400_000).default(KOJI_PROFILE_DEFAULTS.timeoutMs),
  connectTimeoutMs: positive(600_000).default(KOJI_PROFILE_DEFAULTS.connectTimeoutMs),
  concurrency: positive(100).default(KOJI_PROFILE_DEFAULTS.concurrency),
  attempts: positive(100).default(KOJI_PROFILE_DEFAULTS.attempts),
  firstPauseMs: positive(60_000).default(KOJI_PROFILE_DEFAULTS.firstPauseMs),
  maxResponseBytes: positive(2 ** 31).default(KOJI_PROFILE_DEFAULTS.maxResponseBytes),
  multiCallSize: positive(1_000).default(KOJI_PROFILE_DEFAULTS.multiCallSize),
});

/** From our settings, an object with the keys of `KojiProfile`; only `server` is required. */
export function parseKojiProfile(name: string, settings: unknown): ProfileRead {
  const read = schema.safeParse(settings);
  if (!read.success)
    return {
      problems: read.error.issues.map(({ path, message }) => ({ key: path.map(String).join('.') || null, message })),
    };
  return { profile: Object.freeze({ name, ...read.data }) };
}

/** From the text of a koji.conf. Keys that reading does not need, such as those for a login, are ignored. */
export function parseKojiConf(text: string, section: string): ProfileRead {
  // Python's reader accepts a colon in place of the equals sign.
  const sections = parseIni(text.replace(/^([A-Za-z_]\w*)[ \t]*:/gm, '$1 =')) as Record<string, unknown>;
  // ini reads a dot in a section's name as nesting.
  const found = section
    .split('.')
    .reduce<unknown>((at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined), sections);
  if (!isRecord(found)) return { problems: [{ key: null, message: `koji.conf has no section [${section}]` }] };
  const value = (key: string): string | undefined =>
    typeof found[key] === 'string' && found[key] !== '' ? found[key] : undefined;
  const timeout = value('timeout');
  return parseKojiProfile(section, {
    server: value('server'),
    topUrl: value('topurl'),
    topDir: value('topdir'),
    webUrl: value('weburl'),
    ...(timeout !== undefined && { timeoutMs: Number(timeout) * 1_000 }),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isHttpUrl(text: string): boolean {
  const parsed = URL.parse(text);
  return (
    parsed !== null && ['http:', 'https:'].includes(parsed.protocol) && parsed.username === '' && parsed.password === ''
  );
}
