// Pungi hard-links the RPMs of a local repository and copies them on EXDEV only. With fs.protected_hardlinks, a service
// whose user does not own them gets EPERM, deep inside a run: so that is tried first, on one package.

import { createReadStream } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OpenedRepository } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { decodePackage } from '../../compose/rpm-package.ts';

export async function probeLinks(
  repositories: readonly OpenedRepository[],
  scratch: string,
): Promise<ComposeFailure | null> {
  for (const repository of repositories.filter(({ isLocal }) => isLocal)) {
    const line = await firstLine(repository.packageIndex);
    if (line === null) continue;
    const code = await tryLink(join(repository.location, decodePackage(line).href), join(scratch, 'link-probe'));
    if (code === 'EPERM' || code === 'EACCES') {
      return failure(
        'STORAGE',
        `Pungi may not hard-link the RPMs of ${repository.location}: the service's user must own them, or be able to write to them (fs.protected_hardlinks).`,
      );
    }
  }
  return null;
}

async function tryLink(source: string, probe: string): Promise<string | undefined> {
  try {
    await link(source, probe);
    await rm(probe);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

async function firstLine(path: string): Promise<string | null> {
  const input = createReadStream(path);
  try {
    for await (const line of createInterface({ input })) return line;
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    input.destroy();
  }
}
