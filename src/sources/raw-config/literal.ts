// Writes a value as a literal of a configuration, whatever the value holds. All but printable ASCII is escaped, so that no
// encoding, look-alike or line end of Unicode has a meaning. (kobo, which reads Pungi's syntax, does not decode escapes: such
// a value keeps its backslashes, and is still one value. Lists and labels of a request need no escapes.)

export type LiteralKind = 'python' | 'json';

export type LiteralValue = string | number | boolean | null | readonly LiteralValue[];

export function literal(value: unknown, kind: LiteralKind): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, kind)).join(', ')}]`;
  switch (typeof value) {
    case 'string':
      return text(value, kind);
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`${value} cannot be written as a literal`);
      return String(value);
    case 'boolean':
      return kind === 'json' ? String(value) : value ? 'True' : 'False';
    default:
      if (value === null || value === undefined) return kind === 'json' ? 'null' : 'None';
      throw new Error(`a value of type ${typeof value} cannot be written as a literal`);
  }
}

/** Python reads JSON's escapes, except for surrogate pairs. */
function text(value: string, kind: LiteralKind): string {
  return JSON.stringify(value.toWellFormed()).replace(/[^\u0020-\u007e]/gu, (character) => escape(character, kind));
}

function escape(character: string, kind: LiteralKind): string {
  const point = character.codePointAt(0) ?? 0;
  if (point > 0xffff && kind === 'python') return `\\U${point.toString(16).padStart(8, '0')}`;
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
