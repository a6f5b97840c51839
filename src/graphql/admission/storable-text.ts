// What PostgreSQL can hold as text: no NUL, and no half of a surrogate pair.

export const UNSTORABLE_TEXT = 'Text must not hold the character NUL or half of a surrogate pair';

export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
