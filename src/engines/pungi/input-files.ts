// Everything Pungi is given: its configuration in `scratch/config`, the reserved identity in the compose directory, and
// the script that it tells its phases to.

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation, KojiEndpoint, OpenedRepository } from '../../app/ports.ts';
import { composeInfo } from '../../compose/compose-info.ts';
import { ownRelease, type PungiRelease } from '../../compose/pungi-identity.ts';
import { askedPackages, pungiConfiguration, type RepositoriesByArch } from './configuration.ts';
import { kojiConf } from './koji-options.ts';
import { canBeGathered } from './package-names.ts';
import { COMPS_FILE, VARIANTS_FILE, compsXml, variantsXml } from './variant.ts';

export interface PungiInput {
  readonly directory: string;
  readonly configFile: string;
  readonly notificationScript: string;
  /** A line for each notification: the event, a blank, its JSON. */
  readonly eventsFile: string;
}

// One line, one write, appended: the events of two scripts at once do not mix. Nothing of the input is interpreted.
const NOTIFICATION_SCRIPT = `#!/bin/sh
exec >>"$0.events"
printf '%s %s\\n' "$1" "$(tr -d '\\n')"
`;

export async function writeInput({ compose, identity, input, directory, scratch }: Generation): Promise<PungiInput> {
  const config = join(scratch, 'config');
  await mkdir(config, { recursive: true });
  const repositories = await placesByArch(input.repositories, join(scratch, 'repositories'));
  const lookasides = await placesByArch(input.lookasides, join(scratch, 'lookasides'));
  const { koji } = input;
  const taken = { ...compose, source: input.source };
  const configuration = pungiConfiguration(taken, identity, koji ? { koji } : { repositories }, lookasides);
  const configFile = join(config, 'pungi.json');
  await writeFile(configFile, JSON.stringify(configuration, null, 2));
  const packages = askedPackages(input.source);
  await writeFile(join(config, VARIANTS_FILE), variantsXml(compose.arches, { ...koji, hasGroup: packages.length > 0 }));
  if (koji) await writeKojiConf(koji.endpoint, scratch);
  if (packages.length > 0) await writeFile(join(config, COMPS_FILE), compsXml(packages.filter(canBeGathered)));
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

/** Where koji looks for it: Pungi's HOME is the scratch directory. */
export async function writeKojiConf(place: KojiEndpoint, home: string): Promise<void> {
  const directory = join(home, '.koji');
  await mkdir(directory, { recursive: true });
  if (place.configFile === null) await writeFile(join(directory, 'config'), kojiConf(place));
  else await symlink(place.configFile, join(directory, 'config'));
}

// What kickstart and dnf take as it is: no blanks and quotes (shlex), no # (comment), no $ (variables) and % (escapes).
const PLAIN_PATH = /^[A-Za-z0-9/_.,:=@~+-]+$/;

async function placesByArch(repositories: readonly OpenedRepository[], links: string): Promise<RepositoriesByArch> {
  const places: Record<string, string[]> = {};
  for (const [index, repository] of repositories.entries()) {
    (places[repository.arch] ??= []).push(await place(repository, join(links, String(index))));
  }
  return places;
}

/** Pungi writes repositories into a kickstart file unquoted; one at an unusual path is reached through a symlink. */
async function place({ location, isLocal }: OpenedRepository, link: string): Promise<string> {
  if (!isLocal)
    return location.replace(/[$'"#\s]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (PLAIN_PATH.test(location)) return location;
  await mkdir(join(link, '..'), { recursive: true });
  await symlink(location, link);
  return link;
}

/** As Pungi writes it itself where there is none: so the compose has the id that was reserved for it. */
export async function writeComposeInfo(
  { compose, identity, directory }: Pick<Generation, 'compose' | 'identity' | 'directory'>,
  release: PungiRelease,
): Promise<void> {
  const work = join(directory, 'work', 'global');
  await mkdir(work, { recursive: true });
  await writeFile(
    join(work, 'composeinfo-base.json'),
    JSON.stringify(composeInfo(compose, identity, release), null, 4),
  );
}
