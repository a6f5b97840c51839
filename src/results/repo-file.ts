// The .repo file and the URLs of a compose that is served. A compose that shares points to the one it shares with.

import { directoryName, type Compose } from '../compose/compose.ts';

export interface ComposeUrls {
  readonly toplevel: string;
  readonly repository: string;
  readonly repofile: string;
}

/** The variant that all but raw-config composes have. */
export const VARIANT = 'Temporary';

/** `publicUrl` is the service's, without a slash at its end. */
export function urlsOf(compose: Compose, publicUrl: string): ComposeUrls {
  const name = directoryName(compose.reuses ?? compose.id);
  const toplevel = `${publicUrl}/composes/${name}`;
  const repository = `${toplevel}/compose/${VARIANT}`;
  return { toplevel, repository, repofile: `${repository}/${name}.repo` };
}

export function isServed(compose: Compose): boolean {
  return compose.state === 'DONE' && compose.removingAt === null;
}

/** Raw configurations bring variants of their own; a Pulp compose consists of somebody else's repositories. */
export function hasRepoFile(compose: Compose): boolean {
  return compose.source.type !== 'RAW_CONFIG' && compose.source.type !== 'PULP';
}

export function repoFileText(compose: Compose, publicUrl: string): string {
  const name = directoryName(compose.reuses ?? compose.id);
  return [
    `[${name}]`,
    `name=ODCS repository for compose ${name}`,
    `baseurl=${urlsOf(compose, publicUrl).repository}/$basearch/os`,
    'enabled=1',
    'gpgcheck=0',
    'skip_if_unavailable=False',
    '',
  ].join('\n');
}
