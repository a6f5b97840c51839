// The id that a client gives for a compose.

import { isComposeId } from '../compose/compose-id.ts';
import { refusalError } from './errors.ts';

/** The id, or the error that a client gets for one that nothing can have. */
export function knownId(id: string): string {
  if (!isComposeId(id)) throw refusalError({ code: 'NOT_FOUND', message: `There is no compose ${id.slice(0, 40)}` });
  return id;
}
