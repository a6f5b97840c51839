// A variant of a Pungi compose that is published somewhere.

import type { PungiComposeSourceInput } from '../input.ts';
import type { PungiComposeSource } from '../source.ts';
import { readLocation, type SourceContext } from './context.ts';

export function readPungiComposeSource({ path, rules, check }: SourceContext, source: PungiComposeSourceInput): PungiComposeSource {
  return { type: 'PUNGI_COMPOSE', url: readLocation(`${path}.url`, source.url, rules, check), packages: [], builds: [] };
}
