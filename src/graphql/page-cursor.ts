// Cursors of lists of composes: the field that orders the list, its value, and the id that breaks ties. A cursor of a
// list in another order is refused.

import type { ComposeOrderField, PageKey } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { isComposeId } from '../compose/compose-id.ts';
import { decodeCursor, encodeCursor, NOT_A_CURSOR } from './cursor.ts';
import { badInput } from './errors.ts';
import { isStorable } from './types/scalars.ts';

export function composeCursor(field: ComposeOrderField, compose: Compose): string {
  return encodeCursor([field, orderedValue(field, compose), compose.id]);
}

/** `path` names the argument in errors. */
export function pageKey(field: ComposeOrderField, cursor: string, path: string): PageKey {
  const parts = decodeCursor(cursor);
  if (parts?.length !== 3) throw badInput({ path, message: NOT_A_CURSOR });
  const [cursorField, value, id] = parts;
  if (cursorField !== field) {
    const message = `is a cursor of a list that is ordered by ${String(cursorField)}, not by ${field}`;
    throw badInput({ path, message });
  }
  if (typeof id !== 'string' || !isComposeId(id) || !isValue(field, value, id))
    throw badInput({ path, message: NOT_A_CURSOR });
  return { value, id };
}

function orderedValue(field: ComposeOrderField, compose: Compose): string | null {
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

function isValue(field: ComposeOrderField, value: unknown, id: string): value is string | null {
  if (field === 'ID') return value === id;
  if (value === null) return field === 'DONE_AT' || field === 'REMOVED_AT';
  return typeof value === 'string' && isTime(value);
}

function isTime(value: string): boolean {
  const date = new Date(value);
  return isStorable(date) && date.toISOString() === value;
}
