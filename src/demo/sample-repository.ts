// Makes small RPM repositories with rpmbuild and createrepo_c, for the demo and the tests.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { specOf, type SampleSource } from './rpm-spec.ts';

/** The demo's repository: an application, its library and data, debug packages, and packages that it does not need. */
export const SAMPLE_SOURCES: readonly SampleSource[] = [
  {
    name: 'hello',
    version: '2.12',
    debug: ['hello', 'libhello'],
    packages: [
      { requires: ['libhello = 2.12-1', 'hello-data >= 2'], files: ['/usr/bin/hello'] },
      { name: 'libhello', provides: ['libhello.so.2()(64bit)'], files: ['/usr/lib64/libhello.so.2'] },
      { name: 'libhello-devel', requires: ['libhello = 2.12-1'], files: ['/usr/include/hello.h'] },
    ],
  },
  {
    name: 'hello-data',
    version: '2.3',
    noarch: true,
    packages: [{ requires: ['/usr/bin/greet'], files: ['/usr/share/hello/greetings'] }],
  },
  { name: 'greet', version: '0.9', packages: [{ files: ['/usr/bin/greet'] }] },
  { name: 'cowsay', version: '3.04', release: '7', noarch: true, packages: [{ files: ['/usr/bin/cowsay'] }] },
  { name: 'unrelated', version: '1.0', packages: [{ requires: ['cowsay'] }] },
];

const run = promisify(execFile);
const DEFINES = [
  ['debug_package', '%{nil}'],
  ['_build_id_links', 'none'],
  ['__os_install_post', '%{nil}'],
  ['_binary_payload', 'w0.gzdio'],
  ['_source_payload', 'w0.gzdio'],
  ['_buildhost', 'sample'],
  ['_rpmfilename', '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm'],
] as const;

/** Builds all sources into `directory` and generates its repodata. */
export async function makeRepository(
  directory: string,
  sources: readonly SampleSource[],
  options: { readonly createrepo?: readonly string[] } = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const pending = [...sources];
  const build = async () => {
    for (let source = pending.shift(); source; source = pending.shift()) await buildSource(source, directory);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, build));
  await run('createrepo_c', ['--quiet', '--revision=1', ...(options.createrepo ?? []), directory]);
}

async function buildSource(source: SampleSource, into: string): Promise<void> {
  const top = await mkdtemp(join(tmpdir(), 'odcs-sample-'));
  try {
    const spec = join(top, 'sample.spec');
    await writeFile(spec, specOf(source));
    const built = new Set<string>();
    for (const arch of source.arches ?? ['x86_64']) {
      const out = join(top, arch);
      const defines = [...DEFINES, ['_topdir', join(top, 'top')], ['_rpmdir', out], ['_srcrpmdir', out]].flatMap(
        ([name, value]) => ['--define', `${name} ${value}`],
      );
      await run('rpmbuild', ['-ba', '--quiet', '--nodeps', '--target', `${arch}-linux-gnu`, ...defines, spec]);
      for (const file of await readdir(out)) {
        const isLeftOut =
          source.drop?.some((beginning) => file.startsWith(beginning)) ||
          (source.withoutSource && file.endsWith('.src.rpm'));
        if (!file.endsWith('.rpm') || isLeftOut || built.has(file)) continue;
        built.add(file);
        await copyFile(join(out, file), join(into, file));
      }
    }
  } finally {
    await rm(top, { recursive: true, force: true });
  }
}
