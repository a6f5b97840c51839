// A client's EventCursor as a position of this database's event log.

import type { Api } from '../app/api.ts';
import { badInput } from './errors.ts';

/** Of a cursor that may be followed from here on. */
export async function eventPosition(
  api: Api,
  cursor: string | null | undefined,
  head = () => api.events.head(),
): Promise<bigint | null> {
  const position = decodePosition(api, cursor);
  // The database was restored from a backup: whoever followed from there would miss what happens until it is reached.
  if (position !== null && position > (await head()))
    throw badInput({
      path: 'after',
      message: 'This cursor is ahead of the event stream, which was set back; begin again without it',
    });
  return position;
}

function decodePosition(api: Api, cursor: string | null | undefined): bigint | null {
  if (cursor == null) return null;
  const position = api.cursors.decode(cursor);
  if (position === null) throw badInput({ path: 'after', message: 'This is no cursor of this event stream' });
  return position;
}
