// What a Pungi compose's metadata/rpms.json (productmd, version 1) tells of one of its variants: what another compose of
// the same packages has to be asked for.

export interface ComposeSummary {
  readonly composeId: string | null;
  readonly arches: readonly string[];
  /** Name-version-release of the source packages. */
  readonly builds: readonly string[];
  /** Names of the binary packages. */
  readonly packages: readonly string[];
  /** In order; an empty one at the end where there are unsigned packages. */
  readonly sigkeys: readonly string[];
}

export type SummaryResult = { readonly summary: ComposeSummary } | { readonly problem: string };

/** Pure, and slow for a large compose: see `read-rpms.ts`. */
export function summarize(text: string, variant: string): SummaryResult {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON: it is damaged or truncated' };
  }
  const header = objectAt(content, 'header');
  const payload = objectAt(content, 'payload');
  const rpms = objectAt(payload, 'rpms');
  if (!header || !rpms) return { problem: 'is not the rpms.json of a Pungi compose: it has no header or no payload' };
  if (typeof header['version'] !== 'string' || !header['version'].startsWith('1.'))
    return { problem: `is of version ${JSON.stringify(header['version'])}, which is not supported` };
  const arches = objectAt(rpms, variant);
  if (!arches)
    return {
      problem: `knows no variant ${variant}; it has ${Object.keys(rpms).sort().slice(0, 20).join(', ') || 'none'}`,
    };
  const found = {
    arches: new Set<string>(),
    builds: new Set<string>(),
    packages: new Set<string>(),
    sigkeys: new Set<string>(),
  };
  for (const [arch, sources] of Object.entries(arches)) {
    const problem = addArch(found, arch, sources);
    if (problem) return { problem };
  }
  const composeId = objectAt(payload, 'compose')?.['id'];
  const signed = sorted(found.sigkeys).filter((key) => key !== '');
  return {
    summary: {
      composeId: typeof composeId === 'string' ? composeId : null,
      arches: sorted(found.arches),
      builds: sorted(found.builds),
      packages: sorted(found.packages),
      sigkeys: found.sigkeys.has('') ? [...signed, ''] : signed,
    },
  };
}

type Found = Readonly<Record<'arches' | 'builds' | 'packages' | 'sigkeys', Set<string>>>;

function addArch(found: Found, arch: string, sources: unknown): string | null {
  if (!isObject(sources) || !/^[A-Za-z0-9_]+$/.test(arch))
    return `is not the rpms.json of a Pungi compose: its arch ${arch} is of an unknown shape`;
  // In the tree of every arch, and in none by themselves.
  if (arch !== 'src') found.arches.add(arch);
  for (const [source, rpms] of Object.entries(sources)) {
    const build = parseNevra(source);
    if (!build || !isObject(rpms)) return `names a source package that is none: ${source}`;
    found.builds.add(`${build.name}-${build.version}-${build.release}`);
    for (const [nevra, rpm] of Object.entries(rpms)) {
      const parsed = parseNevra(nevra);
      if (!parsed || !isObject(rpm)) return `names a package that is none: ${nevra}`;
      const { category, sigkey } = rpm;
      if (category === 'binary') found.packages.add(parsed.name);
      if (sigkey !== undefined && sigkey !== null && (typeof sigkey !== 'string' || !/^[0-9A-Za-z]*$/.test(sigkey)))
        return `tells a signing key of ${nevra} that is none`;
      found.sigkeys.add(sigkey ?? '');
    }
  }
  return null;
}

/** As productmd writes it: name-epoch:version-release.arch */
function parseNevra(
  text: string,
): { readonly name: string; readonly version: string; readonly release: string } | null {
  const [, name, version, release] = /^([^\s/:]+)-(?:\d+:)?([^-\s/:]+)-([^-\s/:]+)\.[A-Za-z0-9_]+$/.exec(text) ?? [];
  return name && version && release ? { name, version, release } : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Its own members only: a variant may be called `constructor`. */
function objectAt(value: unknown, key: string): Record<string, unknown> | null {
  const member = isObject(value) && Object.hasOwn(value, key) ? value[key] : null;
  return isObject(member) ? member : null;
}

function sorted(items: ReadonlySet<string>): readonly string[] {
  return [...items].sort();
}
