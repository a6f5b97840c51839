// Which packages a name in a request means: a name, name.arch, or a glob as fnmatch(3) has it, as Pungi reads comps.
// Under NO_DEPS Pungi takes a name for a regular expression (engines/dnf/name-pattern.ts).

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

/** Of a large tag and many globs it takes seconds to tell: whoever asks may pause at each `yield`. */
const COMPARED_AT_ONCE = 100;

/** The names asked for that no package answers to, in the order asked; sources do not count. */
export function* missingPackages(
  asked: readonly string[],
  packages: readonly NamedPackage[],
): Generator<void, string[], void> {
  const binary: NamedPackage[] = [];
  const present = new Set<string>();
  for (const [index, candidate] of packages.entries()) {
    if (index % COMPARED_AT_ONCE === 0) yield;
    if (isSourceArch(candidate.arch)) continue;
    binary.push(candidate);
    present.add(candidate.name).add(`${candidate.name}.${candidate.arch}`);
  }
  const missing: string[] = [];
  for (const pattern of asked) {
    if (!present.has(pattern) && !(isGlob(pattern) && (yield* isAnswered(pattern, binary)))) missing.push(pattern);
  }
  return missing;
}

function* isAnswered(glob: string, packages: readonly NamedPackage[]): Generator<void, boolean, void> {
  const matchesGlob = packageMatcher(glob);
  for (const [index, candidate] of packages.entries()) {
    if (index % COMPARED_AT_ONCE === 0) yield;
    if (matchesGlob(candidate)) return true;
  }
  return false;
}

/** Packages that one of the patterns means. */
export function* packagesNamed<T extends NamedPackage>(
  patterns: readonly string[],
  packages: readonly T[],
): Generator<void, ReadonlySet<T>, void> {
  const exact = new Set(patterns.filter((pattern) => !isGlob(pattern)));
  const globs = patterns.filter(isGlob).map(packageMatcher);
  const named = new Set<T>();
  for (const candidate of packages) {
    yield;
    const { name, arch } = candidate;
    if (exact.has(name) || exact.has(`${name}.${arch}`) || globs.some((matchesGlob) => matchesGlob(candidate)))
      named.add(candidate);
  }
  return named;
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

/** Goes back to the last `*` only, so that no pattern, however hostile, takes more than length × length steps. */
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
