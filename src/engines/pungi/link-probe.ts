// Checks that Pungi can hard-link the RPMs of local repositories, with one package of each. Pungi copies on EXDEV only; with
// fs.protected_hardlinks it would fail with EPERM in the middle of a run when the service's user does not own the RPMs.

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
        `Pungi cannot hard-link the RPMs of ${repository.location} (${code}). Ask an administrator to give the service's user ownership of them or write access (fs.protected_hardlinks).`,
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
