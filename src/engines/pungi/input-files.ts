// Writes the input of Pungi: its configuration into `scratch/config`, the reserved identity into the compose directory, and
// the script that receives its notifications.

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation, KojiEndpoint, OpenedRepository } from '../../app/ports.ts';
import { composeInfo, productmdJson } from '../../compose/productmd.ts';
import { ownRelease, type PungiRelease } from '../../compose/pungi-identity.ts';
import { requestedPackages } from '../../compose/sources/descriptors.ts';
import { compsXml } from '../shared/comps.ts';
import { isPossiblePackageName } from '../shared/package-names.ts';
import { COMPS_FILE, pungiConfiguration, VARIANTS_FILE, type RepositoriesByArch } from './configuration.ts';
import { kojiConf } from './koji-options.ts';
import { variantsXml } from './variants-xml.ts';

export interface PungiInput {
  /** Pungi's working directory. */
  readonly directory: string;
  readonly configFile: string;
  readonly notificationScript: string;
  /** The notification script appends to it: a line for each notification, `<event> <JSON>`. */
  readonly eventsFile: string;
}

// Each notification is one appended write, so that concurrent ones do not mix. The shell does not interpret the input.
const NOTIFICATION_SCRIPT = `#!/bin/sh
exec >>"$0.events"
printf '%s %s\\n' "$1" "$(tr -d '\\n')"
`;

export async function writeInput({ compose, identity, input, directory, scratch }: Generation): Promise<PungiInput> {
  const config = join(scratch, 'config');
  await mkdir(config, { recursive: true });
  const repositories = await locationsByArch(input.repositories, join(scratch, 'repositories'));
  const lookasides = await locationsByArch(input.lookasides, join(scratch, 'lookasides'));
  const { koji } = input;
  const resolved = { ...compose, source: input.source };
  const configuration = pungiConfiguration(resolved, identity, koji ? { koji } : { repositories }, lookasides);
  const configFile = join(config, 'pungi.json');
  await writeFile(configFile, JSON.stringify(configuration, null, 2));
  const packages = requestedPackages(input.source);
  await writeFile(join(config, VARIANTS_FILE), variantsXml(compose.arches, { ...koji, hasGroup: packages.length > 0 }));
  if (koji) await writeKojiConf(koji.endpoint, scratch);
  if (packages.length > 0) await writeFile(join(config, COMPS_FILE), compsXml(packages.filter(isPossiblePackageName)));
  await writeComposeInfo({ compose, identity, directory }, ownRelease(compose.id));
  return { directory: config, configFile, ...(await writeNotificationScript(scratch)) };
}

export async function writeNotificationScript(
  scratch: string,
): Promise<Pick<PungiInput, 'notificationScript' | 'eventsFile'>> {
  const notificationScript = join(scratch, 'notify');
  await writeFile(notificationScript, NOTIFICATION_SCRIPT);
  await chmod(notificationScript, 0o700);
  return { notificationScript, eventsFile: `${notificationScript}.events` };
}

/** Into `~/.koji`, where koji looks for it: `home` is Pungi's HOME. */
export async function writeKojiConf(endpoint: KojiEndpoint, home: string): Promise<void> {
  const directory = join(home, '.koji');
  await mkdir(directory, { recursive: true });
  if (endpoint.configFile === null) await writeFile(join(directory, 'config'), kojiConf(endpoint));
  else await symlink(endpoint.configFile, join(directory, 'config'));
}

// Paths that kickstart and dnf take literally: without blanks and quotes (shlex), # (comment), $ (variable) and % (escape).
const PLAIN_PATH = /^[A-Za-z0-9/_.,:=@~+-]+$/;

async function locationsByArch(repositories: readonly OpenedRepository[], links: string): Promise<RepositoriesByArch> {
  const locations: Record<string, string[]> = {};
  for (const [index, repository] of repositories.entries()) {
    (locations[repository.arch] ??= []).push(await pungiLocation(repository, join(links, String(index))));
  }
  return locations;
}

/** Pungi writes locations into a kickstart file without quoting. Any other path is replaced by a symbolic link to it. */
async function pungiLocation({ location, isLocal }: OpenedRepository, link: string): Promise<string> {
  if (!isLocal)
    return location.replace(/[$'"#\s]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (PLAIN_PATH.test(location)) return location;
  await mkdir(join(link, '..'), { recursive: true });
  await symlink(location, link);
  return link;
}

/** Pungi takes the compose's id from this file instead of making one up. */
export async function writeComposeInfo(
  { compose, identity, directory }: Pick<Generation, 'compose' | 'identity' | 'directory'>,
  release: PungiRelease,
): Promise<void> {
  const work = join(directory, 'work', 'global');
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'composeinfo-base.json'), productmdJson(composeInfo(compose, identity, release)));
}
