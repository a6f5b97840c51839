// Which modules Koji has as builds: -devel modules are in no other place. A stream's dashes are underscores there.

import { z } from 'zod';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { Nsvc } from '../../upstreams/mbs/nsvc.ts';

const COMPLETE = 1;
const build = z.object({ state: z.number().int() });

export async function existingInKoji(
  hub: KojiHub,
  modules: readonly Nsvc[],
  signal: AbortSignal,
): Promise<{ readonly existing: readonly Nsvc[] } | { readonly failure: ComposeFailure }> {
  const questions = modules.map(({ name, stream, version, context }) => ({
    method: 'getBuild',
    args: [`${name}-${stream.replaceAll('-', '_')}-${version}.${context}`],
  }));
  const found = await hub.askAll(questions, build.nullable(), signal);
  if ('failure' in found) return found;
  return { existing: modules.filter((_, index) => found.value[index]?.state === COMPLETE) };
}
