// RPM's order of versions and EVRs. As in rpmvercmp, `~` sorts before and `^` after the version that they follow. No
// maintained library has it; the tests run the cases of rpm's own test suite.

export interface Evr {
  /** A number; an absent epoch is 0. */
  readonly epoch: number;
  readonly version: string;
  /** Null if a requirement or provide names none; it then matches every release. */
  readonly release: string | null;
}

const DIGITS = /^[0-9]+/;
const LETTERS = /^[a-zA-Z]+/;
const SEPARATORS = /^[^a-zA-Z0-9~^]+/;

/** Compares two versions or two releases like rpmvercmp: negative, zero or positive. */
export function compareVersions(left: string, right: string): number {
  if (left === right) return 0;
  let a = left;
  let b = right;
  for (;;) {
    a = a.replace(SEPARATORS, '');
    b = b.replace(SEPARATORS, '');
    if (a.startsWith('~') || b.startsWith('~')) {
      if (!a.startsWith('~')) return 1;
      if (!b.startsWith('~')) return -1;
      a = a.slice(1);
      b = b.slice(1);
      continue;
    }
    if (a.startsWith('^') || b.startsWith('^')) {
      // `1.0` < `1.0^x` < `1.0.1`.
      if (a === '') return -1;
      if (b === '') return 1;
      if (!a.startsWith('^')) return 1;
      if (!b.startsWith('^')) return -1;
      a = a.slice(1);
      b = b.slice(1);
      continue;
    }
    if (a === '' || b === '') return Math.sign(a.length - b.length);
    const segment = DIGITS.test(a) ? DIGITS : LETTERS;
    const partA = segment.exec(a)?.[0] ?? '';
    const partB = segment.exec(b)?.[0] ?? '';
    // Numbers are newer than letters.
    if (partB === '') return segment === DIGITS ? 1 : -1;
    const order = segment === DIGITS ? compareNumbers(partA, partB) : compareText(partA, partB);
    if (order !== 0) return order;
    a = a.slice(partA.length);
    b = b.slice(partB.length);
  }
}

/** Compares releases only if both sides have one. */
export function compareEvr(left: Evr, right: Evr): number {
  if (left.epoch !== right.epoch) return left.epoch < right.epoch ? -1 : 1;
  const byVersion = compareVersions(left.version, right.version);
  if (byVersion !== 0 || left.release === null || right.release === null) return byVersion;
  return compareVersions(left.release, right.release);
}

/** `[epoch:]version[-release]`. */
export function parseEvr(text: string): Evr {
  const colon = /^[0-9]+:/.exec(text)?.[0] ?? '';
  const rest = text.slice(colon.length);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon === '' ? 0 : Number(colon.slice(0, -1)),
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? null : rest.slice(dash + 1),
  };
}

function compareNumbers(left: string, right: string): number {
  const a = left.replace(/^0+/, '');
  const b = right.replace(/^0+/, '');
  return a.length === b.length ? compareText(a, b) : Math.sign(a.length - b.length);
}

/** By code unit, as Python compares ASCII strings. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
