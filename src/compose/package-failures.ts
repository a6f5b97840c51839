// One wording for each failure that is about packages, whichever part of the service finds it.

import { failure, type ComposeFailure } from './failure.ts';

/** Examples in a sentence; the details have the whole list. */
const MAX_EXAMPLES = 10;

/** The request names packages that the source lacks. `place`: where they were looked for. */
export function missingPackagesFailure(names: readonly string[], place = 'the source'): ComposeFailure {
  return failure(
    'MISSING_PACKAGES',
    `Not in ${place}: ${names.join(', ')}. Correct the package names or the source.`,
    names.join('\n'),
  );
}

/** `problems`: e.g. `app.x86_64 requires libfoo >= 2`. */
export function unsatisfiedDependenciesFailure(
  problems: readonly string[],
  details: string | null = problems.join('\n'),
): ComposeFailure {
  return failure(
    'UNSATISFIED_DEPENDENCIES',
    `Unsatisfied dependencies: ${examples(problems, '; ')}. Add a source or a lookaside repository that provides them, or leave out CHECK_DEPS.`,
    details,
  );
}

/** `packages`: NEVRAs or NVRs. An empty key in `sigkeys` accepts packages without a signature. */
export function unsignedPackagesFailure(
  packages: readonly string[],
  sigkeys: readonly string[],
  details: string | null = packages.join('\n'),
): ComposeFailure {
  const keys = sigkeys.filter((key) => key !== '');
  const problem =
    keys.length === 0 ? 'Signed, but the request accepts unsigned packages only' : `Not signed with ${anyOf(keys)}`;
  return failure(
    'UNSIGNED_PACKAGES',
    `${problem}: ${packages.length === 0 ? 'see the details' : examples(packages, ', ')}. Ask for other sigkeys or other packages.`,
    details,
  );
}

/** The packages are signed, but Koji has pruned their signed copies. `packages`: NEVRAs or NVRs. */
export function signedCopiesGoneFailure(
  packages: readonly string[],
  sigkeys: readonly string[],
  details: string | null = packages.join('\n'),
): ComposeFailure {
  return failure(
    'UNSIGNED_PACKAGES',
    `Signed with ${anyOf(sigkeys)}, but Koji has no signed copy any more: ${examples(packages, ', ')}. Ask its administrators to run koji write-signed-rpm, or ask for other sigkeys.`,
    details,
  );
}

function anyOf(keys: readonly string[]): string {
  return `${keys.length === 1 ? 'the key' : 'any of the keys'} ${keys.join(', ')}`;
}

/** The first items, and how many more there are. */
export function examples(list: readonly string[], separator: string): string {
  const more = list.length - MAX_EXAMPLES;
  return list.slice(0, MAX_EXAMPLES).join(separator) + (more > 0 ? ` and ${more} more` : '');
}
