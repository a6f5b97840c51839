// Writes the input of Pungi for a raw configuration: the reserved identity and the notification script, beside the
// configuration from git. Reads the dump of the configuration that Pungi ran with.

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
  // It adds to the profiles in /etc.
  if (koji) await writeKojiConf(koji, generation.scratch);
  return { directory, configFile: join(directory, configFile), ...(await writeNotificationScript(generation.scratch)) };
}

/** JSON; null when Pungi wrote none, or more than 16 MiB. */
export async function readConfigDump(directory: string): Promise<string | null> {
  const path = join(directory, 'logs', 'global', 'config-dump.global.log');
  const stats = await stat(path).catch(() => null);
  if (!stats?.isFile() || stats.size > MAX_DUMP_BYTES) return null;
  return await readFile(path, 'utf8');
}
