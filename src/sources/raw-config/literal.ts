// Values as they may stand in a configuration: a literal and nothing else, whatever the value holds. All but plain ASCII is
// escaped, so that no encoding, look-alike or line end of Unicode means anything to who reads it. (kobo, which reads Pungi's
// syntax, leaves escapes as they stand: a value that needs them comes in with its backslashes, and is still one value. What
// a request may hold in lists and labels needs none.)

export type LiteralKind = 'python' | 'json';

export type LiteralValue = string | number | boolean | null | readonly LiteralValue[];

export function literal(value: unknown, kind: LiteralKind): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, kind)).join(', ')}]`;
  switch (typeof value) {
    case 'string':
      return text(value, kind);
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`no literal: ${value}`);
      return String(value);
    case 'boolean':
      return kind === 'json' ? String(value) : value ? 'True' : 'False';
    default:
      if (value === null || value === undefined) return kind === 'json' ? 'null' : 'None';
      throw new Error(`no literal: ${typeof value}`);
  }
}

/** What JSON escapes, Python reads the same way, but for pairs of surrogates. */
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
