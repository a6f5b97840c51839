// The text of a Pulp compose's .repo file: one section for each content set, which points to Pulp or to a merged repository.

import { createHash } from 'node:crypto';
import type { ComposeFlag } from '../../compose/vocabulary.ts';
import type { Section } from './plan-section.ts';

interface RepoFileOptions {
  readonly flags: readonly ComposeFlag[];
  /** Merged repositories are served at `<resultUrl>/<content set>/<arch>`. Without a slash at its end. */
  readonly resultUrl: string;
}

export function pulpRepoFile(sections: readonly Section[], { flags, resultUrl }: RepoFileOptions): string {
  const skip = flags.includes('USE_ONLY_COMPATIBLE_ARCH') ? ['skip_if_unavailable=1'] : [];
  return sections
    .map(({ name, url }) =>
      [
        `[${name}]`,
        `name=${name}`,
        `baseurl=${url ?? `${resultUrl}/${mergedDirectory(name)}/$basearch`}`,
        'enabled=1',
        'gpgcheck=0',
        ...skip,
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** The directory of a merged content set below the result: a name that needs no escaping in a URL. */
export function mergedDirectory(name: string): string {
  const plain = name
    .replaceAll(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/^[.-]/, '_')
    .slice(0, 180);
  return plain === name ? name : `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}
