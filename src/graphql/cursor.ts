// Cursors of lists: a JSON array in base64url. The first item names the list, so that a cursor of another list is refused.

export function encodeCursor(parts: readonly [list: string, ...unknown[]]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Null for text that is not a cursor. */
export function decodeCursor(cursor: string): readonly unknown[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? (parts as unknown[]) : null;
  } catch {
    return null;
  }
}

export const NOT_A_CURSOR = 'is not a cursor of this list';
