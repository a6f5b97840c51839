// Which flags a source type takes. A flag that does not affect the source is refused, so that it is not ignored silently.

import { SOURCE_DESCRIPTORS, SOURCE_TYPES, type SourceType } from '../sources/descriptors.ts';
import { FLAGS, type ComposeFlag } from '../vocabulary.ts';
import { unique, type Check } from './check.ts';

export function readFlags(flags: readonly ComposeFlag[], type: SourceType | null, check: Check): ComposeFlag[] {
  const requested = unique(flags);
  for (const flag of type ? requested : []) {
    const takers = SOURCE_TYPES.filter((candidate) => takes(candidate, flag));
    if (type && !takers.includes(type)) {
      const fields = takers.map((taker) => SOURCE_DESCRIPTORS[taker].field).join(', ');
      check.fail(
        `input.flags.${flags.indexOf(flag)}`,
        `${flag} does not apply to a source ${SOURCE_DESCRIPTORS[type].field}, only to: ${fields}; leave it out`,
      );
    }
  }
  return requested;
}

function takes(type: SourceType, flag: ComposeFlag): boolean {
  const { scope } = FLAGS[flag];
  return scope === 'any' || SOURCE_DESCRIPTORS[type].flags.includes(scope);
}
