// When two composes are the same: equal resolved input, generated in the same way, into the same place. What is equal
// has an equal digest, so "is there one, or one under way?" is one look-up by a unique index.

import { createHash } from 'node:crypto';
import type { ComposeRequest } from './request.ts';
import type { ComposeSource } from './source.ts';
import type { EngineName } from './vocabulary.ts';

/** Sources that never share by this digest: a raw config has its own rule, of a pulp compose nothing is generated. */
const UNSHARED: ReadonlySet<ComposeSource['type']> = new Set(['PULP']);

export interface SharingInput {
  readonly request: ComposeRequest;
  readonly engine: EngineName;
  /** What the source held when it was looked at, e.g. the sha256 of each repomd.xml; equal for equal content. */
  readonly fingerprint: readonly string[];
}

/** Null for a compose that shares nothing and with which nothing is shared. */
export function sharingDigest({ request, engine, fingerprint }: SharingInput): string | null {
  if (request.flags.includes('NO_REUSE') || UNSHARED.has(request.source.type)) return null;
  const canonical = JSON.stringify([
    'odcs-sharing-1',
    engine,
    canonicalSource(request.source),
    [...fingerprint],
    sorted(request.arches),
    sorted(request.flags),
    sorted(request.results),
    // In order of preference: another order is another result.
    request.sigkeys,
    sorted(request.multilibArches),
    sorted(request.multilibMethods),
    sorted(request.lookasideRepos),
    request.composeType,
    request.label,
    request.targetDir,
    sorted(request.parentPungiComposeIds),
    request.respinOf,
  ]);
  return createHash('sha256').update(canonical).digest('hex');
}

/** Fields that hold what a source resolved to: that is in the fingerprint, whether it was asked for so or found out. */
const RESOLVED: Readonly<Record<ComposeSource['type'], readonly string[]>> = {
  TAG: ['kojiEvent'],
  BUILD: [],
  MODULE: ['resolvedModules'],
  REPO: ['revisions'],
  PULP: ['resolvedContentSets'],
  RAW_CONFIG: ['resolvedCommit', 'kojiEvent'],
  PUNGI_COMPOSE: ['packages', 'builds'],
};

/** Fields that say no more than what led there: a branch, or the commit itself. */
const LEADING: Readonly<Partial<Record<ComposeSource['type'], readonly string[]>>> = {
  TAG: ['moduleDefaults'],
  MODULE: ['modules', 'baseModule', 'moduleDefaults'],
  RAW_CONFIG: ['commit'],
};

/** The source as its sharer asked for it, resolved as the one that was generated. */
export function resolvedAs(source: ComposeSource, generated: ComposeSource): ComposeSource {
  if (source.type !== generated.type) return source;
  return {
    ...source,
    ...Object.fromEntries(Object.entries(generated).filter(([key]) => RESOLVED[source.type].includes(key))),
  };
}

/** What was asked for, its lists in one order. */
function canonicalSource(source: ComposeSource): unknown {
  const elsewhere = [...RESOLVED[source.type], ...(LEADING[source.type] ?? [])];
  return Object.entries(source)
    .map(
      ([key, value]: [string, unknown]) =>
        [
          key,
          elsewhere.includes(key) ? null : Array.isArray(value) ? sorted(value as readonly string[]) : value,
        ] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function sorted(items: readonly string[]): string[] {
  return [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
