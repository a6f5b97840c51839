// A variant of a Pungi compose that is published somewhere.

import type { PungiComposeSourceInput } from '../input.ts';
import type { PungiComposeSource } from '../source.ts';
import { readLocation, type SourceContext } from './context.ts';

export function readPungiComposeSource({ path, rules, check }: SourceContext, { url }: PungiComposeSourceInput): PungiComposeSource {
  const isPath = url.startsWith('/');
  if (isPath) check.fail(`${path}.url`, 'must be an http:// or https:// URL');
  return { type: 'PUNGI_COMPOSE', url: isPath ? url : readLocation(`${path}.url`, url, rules, check), packages: [], builds: [] };
}
