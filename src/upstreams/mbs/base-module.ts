// The base module (platform) that a module was built on, and which builds fit together: dependencies must be built on the
// same major version and on no later one. MBS builds the same name:stream for several platforms.

export interface BuiltOn {
  readonly name: string;
  readonly stream: string;
  /** The stream as a number, e.g. 90400 for el9.4.0. */
  readonly streamVersion: number;
}

/** The versions of a base module that dependencies may be built on. */
export interface BaseBounds {
  readonly name: string;
  /** Of the module that has the dependencies; for messages. */
  readonly stream: string;
  readonly from: number;
  readonly to: number;
}

/** Null if it is unknown what the module was built on. */
export function boundsOf(bases: readonly BuiltOn[]): BaseBounds | null {
  const base = bases.at(-1);
  if (!base) return null;
  const { name, stream, streamVersion } = base;
  const major = /^[^0-9]*([0-9]+)/.exec(stream)?.[1];
  // The major version with as many digits as the whole one: 9 becomes 90000 beside 90400.
  const from = major === undefined ? 0 : Number(major.padEnd(String(Math.trunc(streamVersion)).length, '0'));
  return { name, stream, from, to: streamVersion };
}

/** A build without a base module fits everywhere. */
export function isWithin(bases: readonly BuiltOn[], bounds: BaseBounds | null): boolean {
  const same = bounds ? bases.filter(({ name }) => name === bounds.name) : [];
  return (
    !bounds ||
    same.length === 0 ||
    same.some(({ streamVersion }) => streamVersion >= bounds.from && streamVersion <= bounds.to)
  );
}
