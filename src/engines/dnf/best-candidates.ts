// Pungi's choice among the packages that satisfy a requirement or a name.

import { compareEvr, compareText } from '../../compose/rpm-version.ts';
import type { ArchSet } from '../shared/arches.ts';
import { evrOf, type Candidate } from './package-pool.ts';

interface Preference {
  readonly arches: ArchSet;
  /** Also take the candidates from the same source package (Pungi's `greedy_method = build`). */
  readonly withSiblings: boolean;
  isChosen(candidate: Candidate): boolean;
}

/** Prefers chosen packages to others, native to multilib, then the better arch, the shorter name, the lower name. */
export function bestCandidates(
  all: readonly Candidate[],
  { arches: { native, multilib, order }, withSiblings, isChosen }: Preference,
): readonly Candidate[] {
  const candidates = withoutShadowed(all);
  const isNative = ({ arch }: Candidate) => native.has(arch);
  const isMultilib = ({ arch }: Candidate) => multilib.has(arch);
  const groups = [
    (pkg: Candidate) => isNative(pkg) && isChosen(pkg),
    (pkg: Candidate) => isMultilib(pkg) && isChosen(pkg),
    isNative,
    isMultilib,
  ];
  const group = groups.map((belongs) => candidates.filter(belongs)).find(({ length }) => length > 0) ?? [];
  const [best] = group.toSorted(
    (a, b) =>
      order.indexOf(a.arch) - order.indexOf(b.arch) || a.name.length - b.name.length || compareText(a.name, b.name),
  );
  if (!best) return [];
  if (!withSiblings) return [best];
  const isSameKind = isNative(best) ? isNative : isMultilib;
  return candidates.filter((pkg) => pkg.sourceRpm === best.sourceRpm && isSameKind(pkg));
}

/** A lookaside package hides the packages of the same name and version in other repositories. */
function withoutShadowed(candidates: readonly Candidate[]): readonly Candidate[] {
  const lookasides = candidates.filter(({ lookaside }) => lookaside);
  if (lookasides.length === 0) return candidates;
  return candidates.filter(
    (pkg) =>
      pkg.lookaside ||
      !lookasides.some((other) => other.name === pkg.name && compareEvr(evrOf(other), evrOf(pkg)) === 0),
  );
}
