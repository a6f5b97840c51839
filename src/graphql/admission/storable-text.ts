// Whether PostgreSQL can store a text: it stores neither NUL nor half of a surrogate pair.

export const UNSTORABLE_TEXT = 'must not have the character NUL or half of a surrogate pair';

export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
