// ODCS_KOJI: the Koji that tags, builds and modules are taken from, by a section of a koji.conf or by settings of our own,
// which win over the file's.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseKojiConf, parseKojiProfile, type KojiProfile } from '../upstreams/koji/koji-profile.ts';

export interface KojiSettings {
  readonly profile: KojiProfile;
  /** Pungi reads it too. */
  readonly configFile: string | null;
  /** Where Koji's own repositories of tags are: `<repoUrl>/<tag>/<id>/<arch>`. */
  readonly repoUrl: string | null;
}

export const kojiSettings = z
  .looseObject({
    /** The section of the file; also what Pungi is told. */
    profile: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'must begin with a letter or digit and hold only those and _ . -')
      .default('koji'),
    configFile: z.string().startsWith('/', 'must be an absolute path').optional(),
    repoUrl: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
  })
  .transform(({ profile: name, configFile, repoUrl, ...own }, context): KojiSettings => {
    const read = configFile === undefined ? parseKojiProfile(name, own) : fromFile(configFile, name, own);
    if ('problems' in read) {
      for (const message of read.problems) context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return { profile: read.profile, configFile: configFile ?? null, repoUrl: repoUrl ?? null };
  });

function fromFile(
  path: string,
  section: string,
  own: Readonly<Record<string, unknown>>,
): ReturnType<typeof parseKojiProfile> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { problems: [`configFile cannot be read (${(error as NodeJS.ErrnoException).code})`] };
  }
  const read = parseKojiConf(text, section);
  if ('problems' in read) return read;
  const { name: _name, ...settings } = read.profile;
  return parseKojiProfile(section, { ...settings, ...own });
}
