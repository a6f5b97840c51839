// The text of a Pulp compose's .repo file: one section per content set, pointing to Pulp or to what was merged here.

import { createHash } from 'node:crypto';
import type { ComposeFlag } from '../../compose/vocabulary.ts';
import type { Section } from './merge-plan.ts';

export interface RepoFileOptions {
  readonly flags: readonly ComposeFlag[];
  /** Where the merged repositories are served: `<this>/<content set>/<arch>`. Without a slash at its end. */
  readonly resultUrl: string;
}

/** Empty where there is no section: then the compose's own .repo file stands for its empty repository. */
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

/** The directory of a merged content set, below the result: a plain name, which stands in the URL as it is. */
export function mergedDirectory(name: string): string {
  const plain = name
    .replaceAll(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/^[.-]/, '_')
    .slice(0, 180);
  return plain === name ? name : `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}
