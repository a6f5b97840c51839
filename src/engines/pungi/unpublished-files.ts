// Removes the files of Pungi that must not be published: its work directory, its configuration, its tracebacks (which have local
// variables) and the notifications. compose/, logs/ and STATUS stay.

import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PUBLISHED: ReadonlySet<string> = new Set(['compose', 'logs', 'STATUS']);
const UNPUBLISHED_LOG = /^traceback|^config-(?:copy$|dump)|^notifications$/;

/** Moves all files of a failed run to `scratch`, so that Pungi can run again in `directory`. */
export async function moveFailedRun(directory: string, scratch: string, eventsFile: string): Promise<void> {
  for (const name of await readdir(directory)) await rename(join(directory, name), join(scratch, `failed-${name}`));
  await rm(eventsFile, { force: true });
}

/** `work/` can have as many files as the compose. Moving it to `scratch` is fast; `scratch` is purged in the background. */
export async function removeUnpublished(directory: string, scratch: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!PUBLISHED.has(name)) await rename(join(directory, name), join(scratch, `unpublished-${name}`));
  }
  const logs = join(directory, 'logs');
  for (const arch of await readdir(logs).catch(() => [])) {
    for (const name of await readdir(join(logs, arch)).catch(() => [])) {
      if (UNPUBLISHED_LOG.test(name)) await rm(join(logs, arch, name), { recursive: true });
    }
  }
}
