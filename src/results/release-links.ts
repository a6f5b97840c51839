// The links of a compose of a raw configuration, beside the composes of its target directory: one by the id that Pungi
// gave it, and those that always lead to the latest of its kind. A link is replaced by renaming another over it, so that
// there is no moment without one.

import { randomUUID } from 'node:crypto';
import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { directoryName, type Compose } from '../compose/compose.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

/** Called when the compose's directory is in its place. */
export async function linkRelease(target: string, compose: Compose): Promise<void> {
  const place = linkPlace(target, compose);
  if (!place) return;
  await mkdir(place.directory, { recursive: true });
  const latest = `latest-${place.product}`;
  // Its own first: whoever follows the latest finds the id in what it leads to.
  for (const name of [place.id, latest, ...(compose.label === null ? [] : [`${latest}-${compose.label}`])]) {
    await replaceLink(join(place.directory, name), leadTo(compose));
  }
}

/** Its own only: while a latest one leads to it, a compose is not removed. */
export async function unlinkRelease(target: string, compose: Compose): Promise<void> {
  const place = linkPlace(target, compose);
  if (!place) return;
  const own = join(place.directory, place.id);
  if ((await readLink(own)) === leadTo(compose)) await unlessAbsent(rm(own), null);
}

function linkPlace(target: string, { source, composeType, pungiComposeId }: Compose): { readonly directory: string; readonly id: string; readonly product: string } | null {
  const [, product] = /^([A-Za-z0-9][^/\u0000]*)-\d{8}(?:\.[a-z]+)?\.\d+$/.exec(pungiComposeId ?? '') ?? [];
  if (source.type !== 'RAW_CONFIG' || !product || pungiComposeId === null) return null;
  return { directory: join(target, composeType.toLowerCase()), id: pungiComposeId, product };
}

function leadTo({ id }: Compose): string {
  return join('..', directoryName(id));
}

async function replaceLink(link: string, to: string): Promise<void> {
  const fresh = `${link.replace(/[^/]*$/, '')}.${randomUUID()}`;
  await symlink(to, fresh);
  try {
    await rename(fresh, link);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function readLink(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
