// Which lane a waiting compose goes to. A result to reuse is looked up before an engine is started, and a compose that
// needs no engine never waits behind one that does.

import type { Compose } from './compose.ts';
import { descriptorOf } from './sources/descriptors.ts';

/** `prepare` is light: it looks for a result to reuse. `generate` runs an engine. */
export type Lane = 'prepare' | 'generate';

export type Laned = Pick<Compose, 'flags' | 'digest'> & { readonly source: Pick<Compose['source'], 'type'> };

export function laneOf({ source, flags, digest }: Laned): Lane {
  const { lane } = descriptorOf(source);
  return digest !== null || flags.includes('NO_REUSE') ? lane : 'prepare';
}
