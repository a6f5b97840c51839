// Spec files for rpmbuild, from short descriptions of source packages.

import { dirname } from 'node:path';

/** A source package and its binary packages: one spec file. */
export interface SampleSource {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  /** Arches to build for. Default: x86_64. */
  readonly arches?: readonly string[];
  readonly noarch?: boolean;
  /** Packages that get a -debuginfo package. If there is one, the source gets a -debugsource package. */
  readonly debug?: readonly string[];
  readonly buildRequires?: readonly string[];
  readonly exclusiveArch?: string;
  readonly excludeArch?: string;
  /** Leaves the source package out of the repository. */
  readonly withoutSource?: boolean;
  /** Leaves out files whose names begin with one of these. */
  readonly drop?: readonly string[];
  /** Default: one package with the name of the source. */
  readonly packages?: readonly SamplePackage[];
}

export interface SamplePackage extends Partial<Record<RelationTag, readonly string[]>> {
  /** Default: the name of the source. */
  readonly name?: string;
  /** Ignored for the package with the name of the source, which has the arch of the source. */
  readonly noarch?: boolean;
  readonly files?: readonly string[];
}

const RELATION_TAGS = {
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

type BinaryPackage = SamplePackage & { readonly name: string };

export function specOf(source: SampleSource): string {
  const { name, debug = [] } = source;
  const packages = (source.packages ?? [{}]).map((pkg): BinaryPackage => ({ ...pkg, name: pkg.name ?? name }));
  const main = packages.find((pkg) => pkg.name === name);
  const debugNames = [...debug.map((of) => `${of}-debuginfo`), ...(debug.length > 0 ? [`${name}-debugsource`] : [])];
  const lines = [
    ...preamble(source),
    ...(main ? relationLines(main) : []),
    '%description',
    name,
    ...packages.filter((pkg) => pkg !== main).flatMap((pkg) => subpackage(pkg, source.noarch ?? false)),
    ...debugNames.flatMap((of) => subpackage({ name: of }, true)),
    '%install',
    'mkdir -p %{buildroot}',
    ...packages.flatMap(installLines),
    ...packages.flatMap(({ name: of, files = [] }) => [of === name ? '%files' : `%files -n ${of}`, ...files]),
    ...debugNames.map((of) => `%files -n ${of}`),
  ];
  return `${lines.join('\n')}\n`;
}

function preamble(source: SampleSource): string[] {
  const {
    name,
    version = '1.0',
    release = '1',
    epoch,
    noarch,
    buildRequires = [],
    exclusiveArch,
    excludeArch,
  } = source;
  return [
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
  ];
}

function subpackage(pkg: BinaryPackage, sourceIsNoarch: boolean): string[] {
  return [
    `%package -n ${pkg.name}`,
    `Summary: ${pkg.name}`,
    'AutoReqProv: no',
    ...(pkg.noarch && !sourceIsNoarch ? ['BuildArch: noarch'] : []),
    ...relationLines(pkg),
    `%description -n ${pkg.name}`,
    pkg.name,
  ];
}

function relationLines(pkg: SamplePackage): string[] {
  return (Object.keys(RELATION_TAGS) as RelationTag[]).flatMap((tag) =>
    (pkg[tag] ?? []).map((relation) => `${RELATION_TAGS[tag]}: ${relation}`),
  );
}

function installLines({ name, files = [] }: BinaryPackage): string[] {
  return files.map((file) => `mkdir -p %{buildroot}${dirname(file)}\necho ${name} > %{buildroot}${file}`);
}
