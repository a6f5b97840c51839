// The base module (platform) that a module was built on, and which builds of what it requires go with it: those of the same
// major version, built on no later one. The same name:stream is built for several platforms, each with versions of its own.

export interface BuiltOn {
  readonly name: string;
  readonly stream: string;
  /** The stream as a number, e.g. 90400 for el9.4.0. */
  readonly streamVersion: number;
}

export interface BaseBounds {
  readonly name: string;
  /** Of the module itself, for messages. */
  readonly stream: string;
  readonly from: number;
  readonly to: number;
}

/** Null where it is not known what it was built on. */
export function boundsOf(bases: readonly BuiltOn[]): BaseBounds | null {
  const base = bases.at(-1);
  if (!base) return null;
  const { name, stream, streamVersion } = base;
  const major = /^[^0-9]*([0-9]+)/.exec(stream)?.[1];
  // The major version, as long as the whole one: 9 → 90000 beside 90400.
  const from = major === undefined ? 0 : Number(major.padEnd(String(Math.trunc(streamVersion)).length, '0'));
  return { name, stream, from, to: streamVersion };
}

/** What tells of no base module goes with any. */
export function isWithin(bases: readonly BuiltOn[], bounds: BaseBounds | null): boolean {
  const same = bounds ? bases.filter(({ name }) => name === bounds.name) : [];
  return (
    !bounds ||
    same.length === 0 ||
    same.some(({ streamVersion }) => streamVersion >= bounds.from && streamVersion <= bounds.to)
  );
}
