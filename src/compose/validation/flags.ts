// Which flags mean something for which source. Upstream takes any and ignores those that mean nothing; here they are
// refused, with the sources that they are for, because whoever asks for one expects something of it.

import { SOURCE_FIELDS } from '../source.ts';
import { SOURCE_TYPES, type ComposeFlag, type SourceType } from '../vocabulary.ts';
import { unique, type Check } from './check.ts';

/** Source types that a flag is for; those that Pungi gathers packages of, unless it is about what is asked of an upstream. */
const MEANINGFUL: Readonly<Record<ComposeFlag, readonly SourceType[]>> = {
  NO_DEPS: ['TAG', 'BUILD', 'REPO', 'MODULE', 'PUNGI_COMPOSE'],
  NO_INHERITANCE: ['TAG'],
  CHECK_DEPS: ['TAG', 'BUILD', 'REPO', 'MODULE', 'PUNGI_COMPOSE'],
  INCLUDE_DONE_MODULES: ['MODULE', 'TAG'],
  INCLUDE_UNPUBLISHED_PULP_REPOS: ['PULP'],
  IGNORE_ABSENT_PULP_REPOS: ['PULP'],
  USE_ONLY_COMPATIBLE_ARCH: ['PULP'],
  NO_REUSE: SOURCE_TYPES,
};

export function readFlags(flags: readonly ComposeFlag[], type: SourceType | undefined, check: Check): ComposeFlag[] {
  const asked = unique(flags);
  for (const flag of type ? asked : []) {
    const { [flag]: types } = MEANINGFUL;
    if (type && !types.includes(type)) {
      check.fail(
        `input.flags.${flags.indexOf(flag)}`,
        `${flag} means nothing for a source ${SOURCE_FIELDS[type]}; it is for ${types.map((one) => SOURCE_FIELDS[one]).join(', ')}: leave it out`,
      );
    }
  }
  return asked;
}
