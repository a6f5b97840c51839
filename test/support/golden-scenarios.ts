// Requests that real Pungi 4.3.6 answered (test/golden/pungi-4.3.6.json: the sources of a small repository, the request,
// and the NEVRAs of its rpms.json, null where it failed), and those repositories as metadata would describe them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RpmPackage } from '../../src/compose/rpm-package.ts';
import type { ComposeFlag, MultilibMethod } from '../../src/compose/vocabulary.ts';
import type { SampleSource } from '../../src/demo/rpm-spec.ts';

export interface GoldenScenario {
  readonly name: string;
  /** Empty = all. */
  readonly packages: readonly string[];
  readonly flags: readonly ComposeFlag[];
  readonly multilib: readonly MultilibMethod[];
  readonly sources: readonly (SampleSource & { readonly lookaside?: boolean })[];
  readonly expected: readonly string[] | null;
}

export function goldenScenarios(): readonly GoldenScenario[] {
  return JSON.parse(readFileSync(new URL('../golden/pungi-4.3.6.json', import.meta.url), 'utf8')) as GoldenScenario[];
}

/** What real Pungi took where the same sources were builds in a tag of Koji, by scenario, as far as that is not the same; null where not all is found. */
export function kojiAnswers(): Readonly<Record<string, readonly string[] | null>> {
  return JSON.parse(readFileSync(new URL('../golden/pungi-4.3.6-koji.json', import.meta.url), 'utf8')) as Record<
    string,
    readonly string[] | null
  >;
}

const COLORS: Readonly<Record<string, string>> = { x86_64: 'x86-64', i686: 'x86-32', aarch64: 'aarch-64' };

/** What createrepo_c would say of the packages that rpmbuild makes of these sources, in its order. */
export function describePackages(sources: readonly SampleSource[]): RpmPackage[] {
  const byHref = new Map<string, RpmPackage>();
  for (const source of sources) {
    for (const arch of source.arches ?? ['x86_64']) {
      for (const pkg of packagesOf(source, arch)) if (!byHref.has(pkg.href)) byHref.set(pkg.href, pkg);
    }
  }
  return [...byHref.values()].sort((a, b) => (a.href < b.href ? -1 : 1));
}

function packagesOf(source: SampleSource, arch: string): RpmPackage[] {
  const { name, version = '1.0', release = '1', epoch = 0, debug = [], noarch = false } = source;
  const sourceRpm = `${name}-${version}-${release}.src.rpm`;
  const described = (
    of: string,
    ownArch: string,
    relations: { provides?: readonly string[]; requires?: readonly string[]; files?: readonly string[] },
  ): RpmPackage => {
    const href = `${of}-${version}-${release}.${ownArch}.rpm`;
    const evr = `${epoch === 0 ? '' : `${epoch}:`}${version}-${release}`;
    const color = COLORS[ownArch];
    return {
      name: of,
      epoch,
      version,
      release,
      arch: ownArch,
      sourceRpm: ownArch === 'src' ? null : sourceRpm,
      href,
      sizeBytes: 1,
      checksumType: 'sha256',
      checksum: createHash('sha256').update(href).digest('hex'),
      provides: [`${of} = ${evr}`, ...(color ? [`${of}(${color}) = ${evr}`] : []), ...(relations.provides ?? [])],
      requires: relations.requires ?? [],
      files: relations.files ?? [],
    };
  };
  const main = (source.packages ?? [{}]).map((pkg) => {
    const requires = [
      ...(pkg.requires ?? []),
      ...(pkg.requiresPre ?? []),
      ...(pkg.requiresPost ?? []),
      ...(pkg.requiresPreun ?? []),
    ];
    return described(pkg.name ?? name, noarch || (pkg.noarch && pkg.name !== undefined) ? 'noarch' : arch, {
      provides: pkg.provides ?? [],
      requires,
      files: pkg.files ?? [],
    });
  });
  const debugNames = [...debug.map((of) => `${of}-debuginfo`), ...(debug.length > 0 ? [`${name}-debugsource`] : [])];
  const debugPackages = debugNames.map((of) => described(of, noarch ? 'noarch' : arch, {}));
  const sourcePackage = source.withoutSource ? [] : [described(name, 'src', { requires: source.buildRequires ?? [] })];
  return [...main, ...debugPackages, ...sourcePackage].filter(
    ({ href }) => !source.drop?.some((beginning) => href.startsWith(beginning)),
  );
}
