// A repository of real RPMs, those of the recordings in fake-pungi/: alpha (with alpha-libs and alpha-devel) needs beta,
// which needs gamma; zeta stands alone; epsilon needs what nothing provides. Needs rpmbuild and createrepo_c.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Spec {
  readonly name: string;
  readonly version: string;
  readonly requires?: readonly string[];
  readonly isNoarch?: boolean;
  readonly subpackages?: readonly string[];
}

const SPECS: readonly Spec[] = [
  { name: 'alpha', version: '1.2', requires: ['alpha-libs = 1.2-1', 'beta >= 1.0'], subpackages: ['libs', 'devel'] },
  { name: 'beta', version: '1.0', requires: ['gamma >= 1.0'], isNoarch: true },
  { name: 'gamma', version: '1.0', isNoarch: true },
  { name: 'zeta', version: '1.0', isNoarch: true },
  { name: 'epsilon', version: '1.0', requires: ['nonexistent-thing >= 5'], isNoarch: true },
];

/** Makes the repository at `directory`, sources beside binaries. */
export async function makeAlphaRepository(directory: string): Promise<void> {
  const top = await mkdtemp(join(tmpdir(), 'odcs-rpmbuild-'));
  try {
    await mkdir(directory, { recursive: true });
    for (const spec of SPECS) {
      const file = join(top, `${spec.name}.spec`);
      await writeFile(file, specText(spec));
      await run('rpmbuild', ['-ba', '--quiet', '--target', 'x86_64', '--define', `_topdir ${top}`, file]);
    }
    for (const path of await readdir(top, { recursive: true })) {
      if (path.endsWith('.rpm')) await copyFile(join(top, path), join(directory, basename(path)));
    }
    await run('createrepo_c', ['--quiet', '--no-database', '--compress-type', 'gz', directory]);
  } finally {
    await rm(top, { recursive: true });
  }
}

function specText({ name, version, requires = [], isNoarch = false, subpackages = [] }: Spec): string {
  return [
    '%global debug_package %{nil}',
    '%global __os_install_post %{nil}',
    '%global _binary_payload w0.gzdio',
    'AutoReqProv: no',
    `Name: ${name}`,
    `Version: ${version}`,
    'Release: 1',
    `Summary: ${name}`,
    'License: MIT',
    ...(isNoarch ? ['BuildArch: noarch'] : []),
    ...requires.map((requirement) => `Requires: ${requirement}`),
    '%description',
    name,
    ...subpackages.flatMap((part) => [
      `%package ${part}`,
      `Summary: ${part}`,
      `%description ${part}`,
      part,
      `%files ${part}`,
    ]),
    '%files',
    '',
  ].join('\n');
}
