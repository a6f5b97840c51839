// The id that a client gives for a compose.

import { composeNotFound } from '../app/refusals.ts';
import { isComposeId } from '../compose/compose-id.ts';
import { refusalError } from './errors.ts';

/** The id, or the error that a client gets for one that nothing can have. */
export function knownId(id: string): string {
  if (!isComposeId(id)) throw refusalError(composeNotFound(id).refusal);
  return id;
}
