// What Pungi is given for a raw configuration: the configuration as it was checked out, the identity that was reserved
// for it, and the script that it tells its phases to. And what is kept of it: the dump of what Pungi made of it.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation, RawConfigInput } from '../../app/ports.ts';
import { writeComposeInfo, writeKojiConf, writeNotificationScript, type PungiInput } from './input-files.ts';

const MAX_DUMP_BYTES = 16 * 1024 ** 2;

export async function writeRawInput(
  generation: Generation,
  { directory, configFile, release, koji }: RawConfigInput,
): Promise<PungiInput> {
  await writeComposeInfo(generation, release);
  await writeFile(join(generation.directory, 'COMPOSE_ID'), generation.identity.id);
  // Beside the profiles of this machine, which Pungi finds by itself.
  if (koji) await writeKojiConf(koji, generation.scratch);
  return { directory, configFile: join(directory, configFile), ...(await writeNotificationScript(generation.scratch)) };
}

/** The configuration that Pungi ran with, as JSON; null where it left none. */
export async function readConfigDump(directory: string): Promise<string | null> {
  const path = join(directory, 'logs', 'global', 'config-dump.global.log');
  const stats = await stat(path).catch(() => null);
  if (!stats?.isFile() || stats.size > MAX_DUMP_BYTES) return null;
  return await readFile(path, 'utf8');
}
