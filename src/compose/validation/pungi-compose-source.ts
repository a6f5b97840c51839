// A variant of a Pungi compose that is published somewhere.

import type { PungiComposeSourceInput } from '../input.ts';
import type { PungiComposeSource } from '../source.ts';
import { parseUrlLocation } from '../location.ts';
import type { SourceContext } from './context.ts';

export function readPungiComposeSource(
  { path, rules, check }: SourceContext,
  { url }: PungiComposeSourceInput,
): PungiComposeSource {
  const location = parseUrlLocation(url, rules.urlAllow);
  if ('problem' in location) check.fail(`${path}.url`, location.problem);
  return { type: 'PUNGI_COMPOSE', url: 'problem' in location ? url : location.url, packages: [], builds: [] };
}
