// The Koji that tags, builds and modules come from: a section of a koji.conf, or keys of our own, which win over the file's.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  KOJI_PROFILE_DEFAULTS,
  parseKojiConf,
  parseKojiProfile,
  type KojiProfile,
} from '../upstreams/koji/koji-profile.ts';
import { httpUrlSchema, keysOf, nameSchema, structure } from './setting.ts';

export interface KojiSettings {
  readonly profile: KojiProfile;
  /** A koji.conf, which Pungi reads too. */
  readonly configFile: string | null;
  /** URL of Koji's own repositories of tags: `<repoUrl>/<tag>/<id>/<arch>`. */
  readonly repoUrl: string | null;
}

/** `parseKojiProfile` checks the value. */
function profileKey(description: string) {
  return z.unknown().optional().describe(description);
}

function profileNumber(key: keyof typeof KOJI_PROFILE_DEFAULTS, description: string) {
  return profileKey(`${description} Default ${KOJI_PROFILE_DEFAULTS[key]}.`);
}

const profileKeys = {
  server: profileKey('URL of the hub, for example https://koji.fedoraproject.org/kojihub. Required.'),
  topUrl: profileKey('URL of its files, for example https://kojipkgs.fedoraproject.org.'),
  topDir: profileKey('Directory where workers have its files mounted. Pungi needs it.'),
  webUrl: profileKey('URL of its web pages.'),
  timeoutMs: profileNumber('timeoutMs', 'Milliseconds without a byte from the hub until a call fails.'),
  connectTimeoutMs: profileNumber('connectTimeoutMs', 'Milliseconds until a connection attempt fails.'),
  concurrency: profileNumber('concurrency', 'Calls at the same time.'),
  attempts: profileNumber('attempts', 'How often a call is sent at most when the connection fails.'),
  firstPauseMs: profileNumber(
    'firstPauseMs',
    'Average milliseconds before the second try, give or take a third; each later pause is twice as long.',
  ),
  maxResponseBytes: profileNumber('maxResponseBytes', 'Largest answer in bytes.'),
  multiCallSize: profileNumber('multiCallSize', 'Calls in one multiCall.'),
} satisfies Record<keyof Omit<KojiProfile, 'name'>, z.ZodType>;

const keys = z.strictObject({
  profile: nameSchema
    .default('koji')
    .describe('Name of the profile: the section of the koji.conf, and what Pungi gets. Default koji.'),
  configFile: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .optional()
    .describe('Path of a koji.conf. Keys that stand beside it win over the file.'),
  repoUrl: httpUrlSchema
    .optional()
    .describe(
      "URL of Koji's repositories of tags, `<repoUrl>/<tag>/<id>/<arch>`. The dnf engine reads metadata there.",
    ),
  ...profileKeys,
});

const schema = keys.transform(({ profile: name, configFile, repoUrl, ...own }, context): KojiSettings => {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const read = configFile === undefined ? parseKojiProfile(name, given) : readProfile(configFile, name, given);
  if ('problems' in read) {
    for (const { key, message } of read.problems)
      context.addIssue({ code: 'custom', message, path: key === null ? [] : [key] });
    return z.NEVER;
  }
  return { profile: read.profile, configFile: configFile ?? null, repoUrl: repoUrl ?? null };
});

export const kojiKind = structure(
  schema,
  'a mapping with server (or profile and configFile) and the keys that you need',
  keysOf(keys),
);

function readProfile(
  path: string,
  section: string,
  own: Readonly<Record<string, unknown>>,
): ReturnType<typeof parseKojiProfile> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return { problems: [{ key: 'configFile', message: `cannot be read (${(error as NodeJS.ErrnoException).code})` }] };
  }
  const read = parseKojiConf(content, section);
  if ('problems' in read) return read;
  const { name: _name, ...settings } = read.profile;
  return parseKojiProfile(section, { ...settings, ...own });
}
