// A client's EventCursor as a position of this database's event log.

import type { Api } from './api.ts';
import { badInput } from './errors.ts';

export function eventPosition(api: Api, cursor: string | null | undefined): bigint | null {
  if (cursor == null) return null;
  const position = api.cursors.decode(cursor);
  if (position === null) throw badInput({ path: 'after', message: 'This is no cursor of this event stream' });
  return position;
}
