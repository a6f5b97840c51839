// Koji's own repository of a tag. Its event does not matter: it is only asked for the metadata of packages that the hub has
// named.

import { z } from 'zod';
import type { Answer } from '../../upstreams/answer.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';

export interface TagRepository {
  /** Of the repository of one arch. */
  urlFor(arch: string): string;
}

const repoRow = z.object({ id: z.number().int() });

/** Null if Koji has none, or if its URL is not configured. */
export async function latestTagRepository(
  hub: KojiHub,
  repoUrl: string | null,
  tag: string | null,
  signal: AbortSignal,
): Promise<Answer<TagRepository | null>> {
  if (tag === null || repoUrl === null) return { value: null };
  const found = await hub.call({ method: 'getRepo', args: [tag] }, repoRow.nullable(), signal);
  if ('failure' in found || !found.value) return 'failure' in found ? found : { value: null };
  const { id } = found.value;
  return { value: { urlFor: (arch) => `${repoUrl}/${encodeURIComponent(tag)}/${id}/${arch}` } };
}
