// Symbolic links to the composes of raw configurations, in a directory of the compose type: one named by the Pungi compose id,
// and `latest-*` links to the latest compose of a product. A link is replaced by renaming a new one over it.

import { randomUUID } from 'node:crypto';
import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { directoryName, idOfDirectory } from '../compose/compose-id.ts';
import type { Compose } from '../compose/compose.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { TRASH } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

interface LinkNames {
  readonly directory: string;
  readonly pungiComposeId: string;
  /** The id without date and respin, e.g. Fedora-43. */
  readonly product: string;
}

/** Makes the link named by the Pungi compose id. Call it when the compose's directory is published. */
export async function linkCompose(target: string, compose: Compose): Promise<void> {
  const names = linkNames(target, compose);
  if (!names) return;
  await mkdir(names.directory, { recursive: true });
  await replaceLink(target, join(names.directory, names.pungiComposeId), destination(compose.id));
}

/** Points the `latest-*` links to the compose, except for links to a newer one. */
export async function linkLatest(
  target: string,
  compose: Compose,
  isNewer: (id: string) => Promise<boolean>,
): Promise<void> {
  const names = linkNames(target, compose);
  if (!names) return;
  const latest = `latest-${names.product}`;
  for (const name of [latest, ...(compose.label === null ? [] : [`${latest}-${compose.label}`])]) {
    const link = join(names.directory, name);
    const other = composeIdOf(await readLink(link));
    if (other !== null && other !== compose.id && (await isNewer(other))) continue;
    await replaceLink(target, link, destination(compose.id));
  }
}

/** Removes the link named by the Pungi compose id. No `latest-*` link points to a compose that is removed. */
export async function unlinkCompose(target: string, compose: Compose): Promise<void> {
  const names = linkNames(target, compose);
  if (!names) return;
  const link = join(names.directory, names.pungiComposeId);
  if ((await readLink(link)) === destination(compose.id)) await unlessAbsent(rm(link), null);
}

/** Null for a compose without links. */
function linkNames(target: string, { source, composeType, pungiComposeId }: Compose): LinkNames | null {
  const [, product] = /^([A-Za-z0-9][^/\u0000]*)-\d{8}(?:\.[a-z]+)?\.\d+$/.exec(pungiComposeId ?? '') ?? [];
  if (descriptorOf(source).output !== 'variants' || !product || pungiComposeId === null) return null;
  return { directory: join(target, composeType.toLowerCase()), pungiComposeId, product };
}

function destination(id: string): string {
  return join('..', directoryName(id));
}

/** The inverse of `destination`; null for any other destination of a link. */
function composeIdOf(linkDestination: string | null): string | null {
  if (linkDestination === null || dirname(linkDestination) !== '..') return null;
  return idOfDirectory(basename(linkDestination));
}

/** Makes the new link in the trash, so that a crash leaves nothing behind. A purge can delete it before the rename. */
async function replaceLink(target: string, link: string, to: string): Promise<void> {
  const replace = async () => {
    const draft = join(target, TRASH, randomUUID());
    await symlink(to, draft);
    try {
      await rename(draft, link);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  };
  await retryErrors(RETRY_POLICIES['link-race'], null, replace, (error) => codeOf(error) === 'ENOENT');
}

/** Null when there is no link at the path. */
async function readLink(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
