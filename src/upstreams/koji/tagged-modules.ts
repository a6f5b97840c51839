// Modules that are tagged in Koji: of each name:stream the topmost tag in the inheritance wins, and in it the latest version
// with all its contexts. Koji holds a module as a build: the stream is its version, version.context its release; what it
// really is stands in the modulemd that is stored with the build. `-devel` modules are builds of their own.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import type { Asked, KojiHub } from './koji-hub.ts';

export interface TaggedModule {
  readonly name: string;
  readonly stream: string;
  readonly version: string;
  readonly context: string;
  readonly nvr: string;
  /** The tag that it is in itself. */
  readonly tag: string;
  /** YAML, as the build system stored it; not yet parsed. */
  readonly modulemd: string;
  /** The tag that holds the RPMs of the module. */
  readonly contentTag: string | null;
}

const row = z.object({
  id: z.number().int(),
  nvr: z.string(),
  name: z.string(),
  version: z.string(),
  release: z.string(),
  tag_name: z.string(),
});
const text = z.union([z.string(), z.number().int(), z.bigint()]).transform(String);
const withExtra = z.object({
  id: z.number().int(),
  extra: z
    .object({
      typeinfo: z
        .object({
          module: z
            .object({
              name: z.string(),
              stream: text,
              modulemd_str: z.string(),
              content_koji_tag: z.string().nullish(),
            })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

interface Candidate {
  readonly id: number;
  readonly nvr: string;
  readonly name: string;
  /** As Koji spells it: a dash in a stream is an underscore. */
  readonly kojiStream: string;
  readonly version: string;
  readonly context: string;
  readonly tag: string;
}

/** `names`: only modules of these names; null for all of the tag. */
export async function taggedModules(
  hub: KojiHub,
  asked: { readonly tag: string; readonly event: number | null; readonly names: readonly string[] | null },
  signal: AbortSignal,
): Promise<Asked<readonly TaggedModule[]>> {
  const kwargs = { inherit: true, type: 'module', ...(asked.event !== null && { event: asked.event }) };
  const rows = await hub.askRows({ method: 'listTagged', args: [asked.tag], kwargs }, row, signal);
  if ('failure' in rows) return rows;
  const wanted = asked.names && new Set(asked.names);
  const chosen = choose(rows.value.filter(({ name }) => wanted === null || wanted.has(name)).flatMap(candidate));
  // The modulemd of those alone: listTagged with extra would send that of every old version too.
  const details = await hub.askAll(
    chosen.map(({ id }) => ({ method: 'getBuild', args: [id] })),
    withExtra.nullable(),
    signal,
  );
  if ('failure' in details) return details;
  const modules: TaggedModule[] = [];
  for (const [index, one] of chosen.entries()) {
    const info = details.value[index]?.extra?.typeinfo?.module;
    if (!info)
      return {
        failure: failure(
          'INVALID_SOURCE',
          `Koji (${hub.profile.name}): the module build ${one.nvr} in ${one.tag} has no modulemd stored with it`,
        ),
      };
    const { name, version, context, nvr, tag } = one;
    modules.push({
      name,
      stream: info.stream,
      version,
      context,
      nvr,
      tag,
      modulemd: info.modulemd_str,
      contentTag: info.content_koji_tag ?? null,
    });
  }
  return { value: modules };
}

/** Koji lists the tag itself first, then what it inherits, in order. */
function choose(candidates: readonly Candidate[]): readonly Candidate[] {
  const best = new Map<string, Candidate[]>();
  for (const one of candidates) {
    const key = `${one.name}:${one.kojiStream}`;
    const [held] = best.get(key) ?? [];
    if (!held || (held.tag === one.tag && isNewer(one, held))) best.set(key, [one]);
    else if (held.tag === one.tag && held.version === one.version) best.get(key)?.push(one);
  }
  return [...best.values()].flat();
}

function isNewer(left: Candidate, right: Candidate): boolean {
  return BigInt(left.version) > BigInt(right.version);
}

function candidate({ id, nvr, name, version, release, tag_name }: z.infer<typeof row>): Candidate[] {
  // Anything else that a content generator may have put there is no module that can be named.
  const parts = /^(\d{1,40})\.([0-9A-Za-z_]+)$/.exec(release);
  return parts?.[1] && parts[2]
    ? [{ id, nvr, name, kojiStream: version, version: parts[1], context: parts[2], tag: tag_name }]
    : [];
}
