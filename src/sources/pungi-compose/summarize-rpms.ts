// Summarizes one variant in a Pungi compose's metadata/rpms.json (productmd, version 1): what a request for a compose of the
// same packages has to name.

export interface ComposeSummary {
  readonly composeId: string | null;
  readonly arches: readonly string[];
  /** Name-version-release of the source packages. */
  readonly builds: readonly string[];
  /** Names of the binary packages. */
  readonly packages: readonly string[];
  /** Sorted; an empty key at the end if there are unsigned packages. */
  readonly sigkeys: readonly string[];
}

export type SummaryResult = { readonly summary: ComposeSummary } | { readonly problem: string };

/** Slow for a large compose: see `summarize-rpms-thread.ts`. */
export function summarizeRpms(text: string, variant: string): SummaryResult {
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
      problem: `has no variant ${variant}; its variants are ${Object.keys(rpms).sort().slice(0, 20).join(', ') || 'none'}`,
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
    return `is not the rpms.json of a Pungi compose: its arch ${arch} has an unknown shape`;
  // Sources have no tree of their own.
  if (arch !== 'src') found.arches.add(arch);
  for (const [source, rpms] of Object.entries(sources)) {
    const build = parseNevra(source);
    if (!build || !isObject(rpms)) return `names a source package by ${source}, which is no NEVRA`;
    found.builds.add(`${build.name}-${build.version}-${build.release}`);
    for (const [nevra, rpm] of Object.entries(rpms)) {
      const parsed = parseNevra(nevra);
      if (!parsed || !isObject(rpm)) return `names a package by ${nevra}, which is no NEVRA`;
      const { category, sigkey } = rpm;
      if (category === 'binary') found.packages.add(parsed.name);
      if (sigkey !== undefined && sigkey !== null && (typeof sigkey !== 'string' || !/^[0-9A-Za-z]*$/.test(sigkey)))
        return `has no usable signing key for ${nevra}`;
      found.sigkeys.add(sigkey ?? '');
    }
  }
  return null;
}

/** productmd's form: name-epoch:version-release.arch */
function parseNevra(
  text: string,
): { readonly name: string; readonly version: string; readonly release: string } | null {
  const [, name, version, release] = /^([^\s/:]+)-(?:\d+:)?([^-\s/:]+)-([^-\s/:]+)\.[A-Za-z0-9_]+$/.exec(text) ?? [];
  return name && version && release ? { name, version, release } : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own members only, because a variant may be called `constructor`. */
function objectAt(value: unknown, key: string): Record<string, unknown> | null {
  const member = isObject(value) && Object.hasOwn(value, key) ? value[key] : null;
  return isObject(member) ? member : null;
}

function sorted(items: ReadonlySet<string>): readonly string[] {
  return [...items].sort();
}
