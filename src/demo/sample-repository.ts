// Small RPM repositories, made with rpmbuild and createrepo_c from a short description: what the demo makes its compose
// from, and what tests do.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A source package: what rpmbuild makes of one spec. */
export interface SampleSource {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  /** Built for each of them; x86_64 where none is named. */
  readonly arches?: readonly string[];
  readonly noarch?: boolean;
  /** Packages that get a -debuginfo; the source gets a -debugsource then. */
  readonly debug?: readonly string[];
  readonly buildRequires?: readonly string[];
  readonly exclusiveArch?: string;
  readonly excludeArch?: string;
  /** The source package itself stays out of the repository. */
  readonly withoutSource?: boolean;
  /** Beginnings of file names that stay out of the repository. */
  readonly drop?: readonly string[];
  /** One package of the source's name where none is given. */
  readonly packages?: readonly SamplePackage[];
}

export interface SamplePackage extends Partial<Record<RelationTag, readonly string[]>> {
  /** The source's name where none is given. */
  readonly name?: string;
  /** For a package of another name than its source's: that one is of the source's arch. */
  readonly noarch?: boolean;
  readonly files?: readonly string[];
}

export const RELATION_TAGS = {
  provides: 'Provides',
  requires: 'Requires',
  requiresPre: 'Requires(pre)',
  requiresPost: 'Requires(post)',
  requiresPreun: 'Requires(preun)',
  recommends: 'Recommends',
  suggests: 'Suggests',
  supplements: 'Supplements',
  enhances: 'Enhances',
  conflicts: 'Conflicts',
  obsoletes: 'Obsoletes',
} as const;
type RelationTag = keyof typeof RELATION_TAGS;

/** What the demo shows: an application, its library and data, a debug build, and something that nobody asks for. */
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

/** Builds all sources into `directory`, and its repodata. */
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

function specOf(source: SampleSource): string {
  const {
    name,
    version = '1.0',
    release = '1',
    epoch,
    noarch,
    buildRequires = [],
    exclusiveArch,
    excludeArch,
    debug = [],
  } = source;
  const packages = (source.packages ?? [{}]).map((pkg) => ({ ...pkg, name: pkg.name ?? name }));
  const main = packages.find((pkg) => pkg.name === name);
  const debugNames = [...debug.map((of) => `${of}-debuginfo`), ...(debug.length > 0 ? [`${name}-debugsource`] : [])];
  const lines = [
    'AutoReqProv: no',
    `Name: ${name}`,
    `Version: ${version}`,
    `Release: ${release}`,
    `Summary: ${name}`,
    'License: MIT',
    ...(epoch === undefined ? [] : [`Epoch: ${epoch}`]),
    ...(exclusiveArch ? [`ExclusiveArch: ${exclusiveArch}`] : []),
    ...(excludeArch ? [`ExcludeArch: ${excludeArch}`] : []),
    ...(noarch ? ['BuildArch: noarch'] : []),
    ...buildRequires.map((requirement) => `BuildRequires: ${requirement}`),
    ...(main ? relationLines(main) : []),
    '%description',
    name,
  ];
  for (const pkg of packages) {
    if (pkg === main) continue;
    lines.push(
      `%package -n ${pkg.name}`,
      `Summary: ${pkg.name}`,
      'AutoReqProv: no',
      ...(pkg.noarch && !noarch ? ['BuildArch: noarch'] : []),
      ...relationLines(pkg),
      `%description -n ${pkg.name}`,
      pkg.name,
    );
  }
  for (const of of debugNames)
    lines.push(`%package -n ${of}`, `Summary: ${of}`, 'AutoReqProv: no', `%description -n ${of}`, of);
  lines.push('%install', 'mkdir -p %{buildroot}');
  for (const { name: of, files = [] } of packages)
    for (const file of files) lines.push(`mkdir -p %{buildroot}${dirname(file)}`, `echo ${of} > %{buildroot}${file}`);
  for (const { name: of, files = [] } of packages) lines.push(of === name ? '%files' : `%files -n ${of}`, ...files);
  for (const of of debugNames) lines.push(`%files -n ${of}`);
  return `${lines.join('\n')}\n`;
}

function relationLines(pkg: SamplePackage): string[] {
  return (Object.keys(RELATION_TAGS) as RelationTag[]).flatMap((tag) =>
    (pkg[tag] ?? []).map((relation) => `${RELATION_TAGS[tag]}: ${relation}`),
  );
}
