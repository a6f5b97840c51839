// What Pungi leaves behind and nobody may see: its work directory, its configuration, its tracebacks (which dump local
// variables) and the notifications. What stays is compose/, logs/ and STATUS.

import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PUBLISHED: ReadonlySet<string> = new Set(['compose', 'logs', 'STATUS']);
const UNPUBLISHED_LOG = /^traceback|^config-(?:copy$|dump)|^notifications$/;

/** All of a run that failed, so that another can begin where it did. */
export async function clearRun(directory: string, scratch: string, eventsFile: string): Promise<void> {
  for (const name of await readdir(directory)) await rename(join(directory, name), join(scratch, `failed-${name}`));
  await rm(eventsFile, { force: true });
}

/** `work/` may hold as many files as the compose: it is moved to scratch, which is deleted in the background. */
export async function clearUnpublished(directory: string, scratch: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!PUBLISHED.has(name)) await rename(join(directory, name), join(scratch, `left-${name}`));
  }
  const logs = join(directory, 'logs');
  for (const arch of await readdir(logs).catch(() => [])) {
    for (const name of await readdir(join(logs, arch)).catch(() => [])) {
      if (UNPUBLISHED_LOG.test(name)) await rm(join(logs, arch, name), { recursive: true });
    }
  }
}
