// Which modules exist as builds in Koji: MBS does not list -devel modules. Koji spells dashes of a stream as underscores.

import { z } from 'zod';
import type { Answer } from '../../upstreams/answer.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { Nsvc } from '../../upstreams/mbs/nsvc.ts';

const COMPLETE = 1;
const buildRow = z.object({ state: z.number().int() });

/** The modules that have a complete build. */
export async function existingInKoji(
  hub: KojiHub,
  modules: readonly Nsvc[],
  signal: AbortSignal,
): Promise<Answer<readonly Nsvc[]>> {
  const calls = modules.map(({ name, stream, version, context }) => ({
    method: 'getBuild',
    args: [`${name}-${stream.replaceAll('-', '_')}-${version}.${context}`],
  }));
  const found = await hub.callAll(calls, buildRow.nullable(), signal);
  if ('failure' in found) return found;
  return { value: modules.filter((_, index) => found.value[index]?.state === COMPLETE) };
}
