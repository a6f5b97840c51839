// The failure of a compose whose request names what Koji does not have, or what cannot be composed from.

import { failure } from '../../compose/failure.ts';
import type { Failed } from '../answer.ts';
import type { KojiProfile } from './koji-profile.ts';

const MAX_EXAMPLES = 10;

/** `problems`: one for each thing that the request names, e.g. `there is no build bash-5.3-1`. */
export function refuseSource({ name }: KojiProfile, problems: readonly string[]): Failed {
  const more = problems.length - MAX_EXAMPLES;
  const examples = problems.slice(0, MAX_EXAMPLES).join('; ') + (more > 0 ? `; and ${more} more` : '');
  const message = `Koji (${name}): ${examples}. Correct the request.`;
  return { failure: failure('INVALID_SOURCE', message, more > 0 ? problems.join('\n') : null) };
}
