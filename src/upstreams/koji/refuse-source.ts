// The failure of a compose whose request names what Koji does not have, or what cannot be composed from.

import { failure } from '../../compose/failure.ts';
import { examples } from '../../compose/package-failures.ts';
import type { Failed } from '../answer.ts';
import type { KojiProfile } from './koji-profile.ts';

/** `problems`: one for each thing that the request names, e.g. `there is no build bash-5.3-1`. */
export function refuseSource({ name }: KojiProfile, problems: readonly string[]): Failed {
  const message = `Koji (${name}): ${examples(problems, '; ')}. Correct the request.`;
  return { failure: failure('INVALID_SOURCE', message, problems.length > 1 ? problems.join('\n') : null) };
}
