// Cursors of lists of composes: the field that the list is ordered by, that field's value, and the id that breaks
// ties. Opaque to clients; one that was made for another order is refused, since it points nowhere in this one.

import type { ComposeOrderField, PageKey } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { badInput } from './errors.ts';
import { isComposeId } from '../compose/compose-id.ts';
import { isStorable } from './types/scalars.ts';

export function composeCursor(field: ComposeOrderField, compose: Compose): string {
  return Buffer.from(JSON.stringify([field, valueOf(field, compose), compose.id])).toString('base64url');
}

export function pageKey(field: ComposeOrderField, cursor: string, path: string): PageKey {
  const parts = partsOf(cursor);
  if (!parts) throw badInput({ path, message: 'This is no cursor of this list' });
  const [cursorField, value, id] = parts;
  if (cursorField !== field) {
    throw badInput({
      path,
      message: `This cursor was made for a list ordered by ${String(cursorField)}, not by ${field}`,
    });
  }
  if (typeof id !== 'string' || !isComposeId(id) || !isValue(field, value, id))
    throw badInput({ path, message: 'This is no cursor of this list' });
  return { value, id };
}

function valueOf(field: ComposeOrderField, compose: Compose): string | null {
  switch (field) {
    case 'ID':
      return compose.id;
    case 'SUBMITTED_AT':
      return compose.submittedAt.toISOString();
    case 'DONE_AT':
      return compose.doneAt?.toISOString() ?? null;
    case 'REMOVED_AT':
      return compose.removedAt?.toISOString() ?? null;
    case 'EXPIRES_AT':
      return compose.expiresAt.toISOString();
  }
}

function partsOf(cursor: string): readonly [unknown, unknown, unknown] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts.length === 3 ? (parts as unknown as [unknown, unknown, unknown]) : null;
  } catch {
    return null;
  }
}

function isValue(field: ComposeOrderField, value: unknown, id: string): value is string | null {
  if (field === 'ID') return value === id;
  if (value === null) return field === 'DONE_AT' || field === 'REMOVED_AT';
  return typeof value === 'string' && isTime(value);
}

function isTime(value: string): boolean {
  const date = new Date(value);
  return isStorable(date) && date.toISOString() === value;
}
