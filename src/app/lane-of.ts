// Which lane a waiting compose is for: where there may be a result to share it is looked for first, and what needs no
// engine never waits behind one.

import type { Compose } from '../compose/compose.ts';
import type { Lane } from './ports.ts';

export function laneOf({ source, flags, digest }: Pick<Compose, 'source' | 'flags' | 'digest'>): Lane {
  if (source.type === 'PULP') return 'prepare';
  return digest !== null || flags.includes('NO_REUSE') ? 'generate' : 'prepare';
}
