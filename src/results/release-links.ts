// The links of a compose of a raw configuration, beside the composes of its target directory: one by the id that Pungi
// gave it, and those that always lead to the latest of its kind. A link is replaced by renaming another over it, so that
// there is no moment without one.

import { randomUUID } from 'node:crypto';
import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Compose } from '../compose/compose.ts';
import { directoryName, idOfDirectory } from '../compose/compose-id.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { TRASH } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';

/** By its own id, which is nobody else's: called when the compose's directory is in its place. */
export async function linkOwn(target: string, compose: Compose): Promise<void> {
  const place = linkPlace(target, compose);
  if (!place) return;
  await mkdir(place.directory, { recursive: true });
  await replaceLink(target, join(place.directory, place.id), leadTo(compose.id));
}

/** Those that lead to a newer one stay. */
export async function linkLatest(
  target: string,
  compose: Compose,
  isNewer: (id: string) => Promise<boolean>,
): Promise<void> {
  const place = linkPlace(target, compose);
  if (!place) return;
  const latest = `latest-${place.product}`;
  for (const name of [latest, ...(compose.label === null ? [] : [`${latest}-${compose.label}`])]) {
    const link = join(place.directory, name);
    const other = composeOf(await readLink(link));
    if (other !== null && other !== compose.id && (await isNewer(other))) continue;
    await replaceLink(target, link, leadTo(compose.id));
  }
}

/** Its own only: while a latest one leads to it, a compose is not removed. */
export async function unlinkOwn(target: string, compose: Compose): Promise<void> {
  const place = linkPlace(target, compose);
  if (!place) return;
  const own = join(place.directory, place.id);
  if ((await readLink(own)) === leadTo(compose.id)) await unlessAbsent(rm(own), null);
}

function linkPlace(
  target: string,
  { source, composeType, pungiComposeId }: Compose,
): { readonly directory: string; readonly id: string; readonly product: string } | null {
  const [, product] = /^([A-Za-z0-9][^/\u0000]*)-\d{8}(?:\.[a-z]+)?\.\d+$/.exec(pungiComposeId ?? '') ?? [];
  if (descriptorOf(source).output !== 'variants' || !product || pungiComposeId === null) return null;
  return { directory: join(target, composeType.toLowerCase()), id: pungiComposeId, product };
}

/** The compose that a link made by `leadTo` points to. */
function composeOf(link: string | null): string | null {
  return link !== null && dirname(link) === '..' ? idOfDirectory(basename(link)) : null;
}

function leadTo(id: string): string {
  return join('..', directoryName(id));
}

/** Made in the trash, so that a process that dies in between leaves nothing; who empties that may be faster. */
async function replaceLink(target: string, link: string, to: string): Promise<void> {
  const replace = async () => {
    const fresh = join(target, TRASH, randomUUID());
    await symlink(to, fresh);
    try {
      await rename(fresh, link);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
  };
  await retryErrors(RETRY_POLICIES['link-race'], null, replace, (error) => codeOf(error) === 'ENOENT');
}

async function readLink(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
