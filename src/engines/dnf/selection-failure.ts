// Whether the selections of all arches are what the request asks for.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { missingPackagesFailure, unsatisfiedDependenciesFailure } from '../../compose/package-failures.ts';
import type { ArchSelection } from './selection-thread.ts';

/** A name is missing when no arch has it. Unresolved requirements count with CHECK_DEPS only. */
export function selectionFailure(
  { flags }: Compose,
  selections: readonly Pick<ArchSelection, 'missing' | 'unresolved'>[],
): ComposeFailure | null {
  const [first, ...others] = selections;
  const missing = (first?.missing ?? []).filter((name) => others.every((other) => other.missing.includes(name)));
  if (missing.length > 0) return missingPackagesFailure(missing);
  const unresolved = selections.flatMap((selection) => selection.unresolved);
  return flags.includes('CHECK_DEPS') && unresolved.length > 0 ? unsatisfiedDependenciesFailure(unresolved) : null;
}
