// Which lane a waiting compose is for: where there may be a result to share it is looked for first, and what needs no
// engine never waits behind one.

import type { Compose } from './compose.ts';

/** `prepare` is light: it looks whether there is a result to share. `generate` runs an engine. */
export type Lane = 'prepare' | 'generate';

export type Laned = Pick<Compose, 'flags' | 'digest'> & { readonly source: Pick<Compose['source'], 'type'> };

export function laneOf({ source, flags, digest }: Laned): Lane {
  if (source.type === 'PULP') return 'prepare';
  return digest !== null || flags.includes('NO_REUSE') ? 'generate' : 'prepare';
}
