// Refusals that several use cases share.

import { refused, type Refusal } from '../compose/refusal.ts';

type Refused = { readonly ok: false; readonly refusal: Refusal };

/** Characters of an unknown id that the message quotes. */
const MAX_QUOTED_ID = 40;

/** Also for a compose that the viewer may not read. */
export function composeNotFound(id: string): Refused {
  return refused({ code: 'NOT_FOUND', message: `There is no compose ${id.slice(0, MAX_QUOTED_ID)}` });
}

/** The state of a compose does not allow what was requested. The message says which state, and what to do instead. */
export function conflict(message: string): Refused {
  return refused({ code: 'CONFLICT', message });
}
