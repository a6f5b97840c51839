// A tag by its name, now or at an event.

import { z } from 'zod';
import type { Answer } from '../answer.ts';
import type { KojiHub } from './koji-hub.ts';
import { refuseSource } from './refuse-source.ts';

interface KojiTag {
  readonly id: number;
  readonly name: string;
  readonly arches: readonly string[];
}

const row = z.object({
  id: z.number().int(),
  name: z.string(),
  arches: z
    .string()
    .nullish()
    .transform((text) => (text ?? '').split(/\s+/).filter(Boolean)),
});

/** `event` null: now. INVALID_SOURCE if there is no such tag. */
export async function findTag(
  hub: KojiHub,
  name: string,
  event: number | null,
  signal: AbortSignal,
): Promise<Answer<KojiTag>> {
  const found = await hub.call(
    { method: 'getTag', args: [name], kwargs: { strict: false, ...(event !== null && { event }) } },
    row.nullable(),
    signal,
  );
  if ('failure' in found) return found;
  const when = event === null ? '' : ` at event ${event}`;
  return found.value ? { value: found.value } : refuseSource(hub.profile, [`there is no tag “${name}”${when}`]);
}
