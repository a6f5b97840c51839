// JSON with the keys of every object in the order of their code units, so that equal values have equal texts.

export interface CanonicalJsonOptions {
  /** Leaves out members that are null, as if they were undefined. */
  readonly omitNull?: boolean;
  /** Spaces of each level; none gives one line. */
  readonly indent?: number;
}

export function canonicalJson(value: unknown, { omitNull = false, indent = 0 }: CanonicalJsonOptions = {}): string {
  const canonical = (_key: string, member: unknown): unknown =>
    isRecord(member)
      ? Object.fromEntries(
          Object.entries(member)
            .filter(([, item]) => !(omitNull && item === null))
            .sort(([left], [right]) => (left < right ? -1 : 1)),
        )
      : member;
  return JSON.stringify(value, canonical, indent);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
