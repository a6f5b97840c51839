// The changes between the packages of two composes. A package is identified by its name and arch, and a compose may have
// several versions of it; versions that both composes have are no change.

import { compareEvr, parseEvr, type Evr } from './rpm-version.ts';

export const PACKAGE_CHANGE_MEANINGS = {
  ADDED: 'Only the compose `to` has the package, or this version of it.',
  REMOVED: 'Only the compose `from` has the package, or this version of it.',
  UPGRADED: 'Both composes have the package, and the version in `to` is newer.',
  DOWNGRADED: 'Both composes have the package, and the version in `to` is older.',
} satisfies Record<string, string>;
export type PackageChangeKind = keyof typeof PACKAGE_CHANGE_MEANINGS;

/** A package and its versions in two composes. */
export interface PackageVersions {
  readonly name: string;
  readonly arch: string;
  /** `epoch:version-release`, separated by blanks; null for none. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface PackageChange {
  readonly kind: PackageChangeKind;
  readonly name: string;
  readonly arch: string;
  /** `[epoch:]version-release`, without an epoch of 0; null for ADDED. */
  readonly from: string | null;
  /** The same; null for REMOVED. */
  readonly to: string | null;
  /** The added or removed package; null for UPGRADED and DOWNGRADED. */
  readonly nevra: string | null;
}

/** The newest versions are compared. All others were removed or added. */
export function changesOf({ name, arch, from, to }: PackageVersions): readonly PackageChange[] {
  const older = newestFirst(versionsIn(from, to));
  const newer = newestFirst(versionsIn(to, from));
  const changes: PackageChange[] = [];
  const [was] = older;
  const [is] = newer;
  const order = was && is ? compareEvr(is.evr, was.evr) : 0;
  // rpm takes 1.0 and 1.00 for equal. Neither is an upgrade of the other, so they count as removed and added.
  if (was && is && order !== 0) {
    const kind = order > 0 ? 'UPGRADED' : 'DOWNGRADED';
    changes.push({ kind, name, arch, from: evrText(was.evr), to: evrText(is.evr), nevra: null });
    older.shift();
    newer.shift();
  }
  const nevraOf = (text: string) => `${name}-${text}.${arch}`;
  for (const { evr, text } of older)
    changes.push({ kind: 'REMOVED', name, arch, from: evrText(evr), to: null, nevra: nevraOf(text) });
  for (const { evr, text } of newer)
    changes.push({ kind: 'ADDED', name, arch, from: null, to: evrText(evr), nevra: nevraOf(text) });
  return changes;
}

function versionsIn(texts: string | null, others: string | null): readonly string[] {
  if (texts === null) return [];
  const elsewhere = others?.split(' ') ?? [];
  return texts.split(' ').filter((text) => !elsewhere.includes(text));
}

function newestFirst(texts: readonly string[]): { readonly evr: Evr; readonly text: string }[] {
  return texts.map((text) => ({ evr: parseEvr(text), text })).sort((left, right) => compareEvr(right.evr, left.evr));
}

function evrText({ epoch, version, release }: Evr): string {
  return `${epoch === 0 ? '' : `${epoch}:`}${version}${release === null ? '' : `-${release}`}`;
}
