// Whether a tag is there, now or at an event of the past.

import { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { Asked, KojiHub } from './koji-hub.ts';

export interface KojiTag {
  readonly id: number;
  readonly name: string;
  readonly arches: readonly string[];
}

const schema = z.object({
  id: z.number().int(),
  name: z.string(),
  arches: z
    .string()
    .nullish()
    .transform((text) => (text ?? '').split(/\s+/).filter(Boolean)),
});

export async function findTag(
  hub: KojiHub,
  name: string,
  event: number | null,
  signal: AbortSignal,
): Promise<Asked<KojiTag>> {
  const found = await hub.ask(
    { method: 'getTag', args: [name], kwargs: { strict: false, ...(event !== null && { event }) } },
    schema.nullable(),
    signal,
  );
  if ('failure' in found) return found;
  return found.value ? { value: found.value } : { failure: noSuchTag(hub, name, event) };
}

function noSuchTag(hub: KojiHub, name: string, event: number | null): ComposeFailure {
  return failure(
    'INVALID_SOURCE',
    `There is no tag “${name}” in Koji (${hub.profile.name})${event === null ? '' : ` at event ${event}`}`,
  );
}
