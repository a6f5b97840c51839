// A variant of a Pungi compose that is published somewhere.

import type { PungiComposeSourceInput } from '../input.ts';
import type { PungiComposeSource } from '../source.ts';
import { readLocation, type SourceContext } from './context.ts';

const NOTHING_YET = { type: 'PUNGI_COMPOSE', packages: [], builds: [] } as const;

export function readPungiComposeSource({ path, rules, check }: SourceContext, source: PungiComposeSourceInput): PungiComposeSource {
  if (source.url.startsWith('/')) check.fail(`${path}.url`, 'must be an http:// or https:// URL');
  else return { ...NOTHING_YET, url: readLocation(`${path}.url`, source.url, rules, check) };
  return { ...NOTHING_YET, url: source.url };
}
