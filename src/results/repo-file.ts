// The .repo file and the URLs of a served compose. A reuser has those of the reused compose.

import type { ComposeUrls } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { directoryName } from '../compose/compose-id.ts';
import { VARIANT } from '../compose/productmd.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';

/** `publicUrl`: URL of the service, without a slash at its end. */
export function urlsOf(compose: Compose, publicUrl: string): ComposeUrls {
  const name = directoryName(compose.reuses ?? compose.id);
  const toplevel = composeUrl(compose.reuses ?? compose.id, publicUrl);
  if (descriptorOf(compose.source).output === 'variants') return { toplevel, repository: null, repofile: null };
  const repository = variantUrl(compose, publicUrl);
  return { toplevel, repository, repofile: `${repository}/${name}.repo` };
}

export function composeUrl(id: string, publicUrl: string): string {
  return `${publicUrl}/composes/${directoryName(id)}`;
}

export function variantUrl(compose: Compose, publicUrl: string): string {
  return `${composeUrl(compose.reuses ?? compose.id, publicUrl)}/compose/${VARIANT}`;
}

export function isServed(compose: Compose): boolean {
  return compose.state === 'DONE' && compose.removingAt === null;
}

export function repoFileText(compose: Compose, publicUrl: string): string {
  const name = directoryName(compose.reuses ?? compose.id);
  return [
    `[${name}]`,
    `name=ODCS repository for compose ${name}`,
    `baseurl=${variantUrl(compose, publicUrl)}/$basearch/os`,
    'enabled=1',
    'gpgcheck=0',
    'skip_if_unavailable=False',
    '',
  ].join('\n');
}
