// Which packages a name in a request matches: a name, name.arch or a glob (fnmatch(3)), as Pungi reads comps files. With
// NO_DEPS Pungi reads names as regular expressions instead (engines/dnf/name-pattern.ts).

import { isSourceArch } from './arches.ts';

export interface NamedPackage {
  readonly name: string;
  readonly arch: string;
}

export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

export function packageMatcher(pattern: string): (candidate: NamedPackage) => boolean {
  if (!isGlob(pattern)) return ({ name, arch }) => name === pattern || `${name}.${arch}` === pattern;
  const matchesGlob = globMatcher(pattern);
  return ({ name, arch }) => matchesGlob(name) || matchesGlob(`${name}.${arch}`);
}

/** Comparing a large tag with many globs takes seconds, so callers may yield to the event loop between slices. */
const SLICE = 100;

/** The patterns that no binary package matches, in the given order. */
export function* missingPackages(
  patterns: readonly string[],
  packages: readonly NamedPackage[],
): Generator<void, string[], void> {
  const binary: NamedPackage[] = [];
  const present = new Set<string>();
  for (const [index, candidate] of packages.entries()) {
    if (index % SLICE === 0) yield;
    if (isSourceArch(candidate.arch)) continue;
    binary.push(candidate);
    present.add(candidate.name).add(`${candidate.name}.${candidate.arch}`);
  }
  const missing: string[] = [];
  for (const pattern of patterns) {
    if (!present.has(pattern) && !(isGlob(pattern) && (yield* matchesAny(pattern, binary)))) missing.push(pattern);
  }
  return missing;
}

function* matchesAny(glob: string, packages: readonly NamedPackage[]): Generator<void, boolean, void> {
  const matchesGlob = packageMatcher(glob);
  for (const [index, candidate] of packages.entries()) {
    if (index % SLICE === 0) yield;
    if (matchesGlob(candidate)) return true;
  }
  return false;
}

/** The packages that at least one of the patterns matches. */
export function* packagesNamed<T extends NamedPackage>(
  patterns: readonly string[],
  packages: readonly T[],
): Generator<void, ReadonlySet<T>, void> {
  const exact = new Set(patterns.filter((pattern) => !isGlob(pattern)));
  const globs = patterns.filter(isGlob).map(packageMatcher);
  const matching = new Set<T>();
  for (const candidate of packages) {
    yield;
    const { name, arch } = candidate;
    if (exact.has(name) || exact.has(`${name}.${arch}`) || globs.some((matchesGlob) => matchesGlob(candidate)))
      matching.add(candidate);
  }
  return matching;
}

type Token = '*' | ((character: string) => boolean);

export function globMatcher(glob: string): (text: string) => boolean {
  const tokens = [...glob.matchAll(/\[([!^]?)(\]?[^\]]*)\]|[\s\S]/g)].map(([token, not, set]): Token => {
    if (token === '*') return '*';
    if (token === '?') return () => true;
    if (set !== undefined) return (character) => inSet(set, character) !== (not !== '');
    return (character) => character === token;
  });
  return (text) => matches(tokens, text);
}

/** Backtracks to the last `*` only, so that no pattern takes more than length × length steps. */
function matches(tokens: readonly Token[], text: string): boolean {
  let position = 0;
  let star = -1;
  let starPosition = 0;
  let index = 0;
  while (position < text.length) {
    const token = tokens[index];
    if (token === '*') {
      star = index++;
      starPosition = position;
    } else if (token && token(text.charAt(position))) {
      index++;
      position++;
    } else if (star >= 0) {
      index = star + 1;
      position = ++starPosition;
    } else {
      return false;
    }
  }
  return tokens.slice(index).every((token) => token === '*');
}

function inSet(set: string, character: string): boolean {
  for (let index = 0; index < set.length; index++) {
    const first = set.charAt(index);
    const last = set.charAt(index + 1) === '-' && index + 2 < set.length ? set.charAt((index += 2)) : first;
    if (first <= character && character <= last) return true;
  }
  return false;
}
