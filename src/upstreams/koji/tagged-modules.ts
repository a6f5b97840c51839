// Modules of a tag: the first tag in inheritance order that has a name:stream decides, with its latest version in all
// contexts. Koji stores a module as a build (stream = version, version.context = release), and its modulemd with it.

import { z } from 'zod';
import type { Answer } from '../answer.ts';
import type { KojiHub } from './koji-hub.ts';
import { refuseSource } from './refuse-source.ts';

export interface TaggedModule {
  readonly name: string;
  readonly stream: string;
  readonly version: string;
  readonly context: string;
  readonly nvr: string;
  /** The tag that the module is tagged in; another one if it is inherited. */
  readonly tag: string;
  /** YAML, not yet parsed. */
  readonly modulemd: string;
  /** The tag that holds the module's RPMs. */
  readonly contentTag: string | null;
}

const moduleRow = z.object({
  id: z.number().int(),
  nvr: z.string(),
  name: z.string(),
  version: z.string(),
  release: z.string(),
  tag_name: z.string(),
});
const stream = z.union([z.string(), z.number().int(), z.bigint()]).transform(String);
const moduleInfo = z.object({
  name: z.string(),
  stream,
  modulemd_str: z.string(),
  content_koji_tag: z.string().nullish(),
});
const buildWithExtra = z.object({
  id: z.number().int(),
  extra: z.object({ typeinfo: z.object({ module: moduleInfo.nullish() }).nullish() }).nullish(),
});

interface Candidate {
  readonly id: number;
  readonly nvr: string;
  readonly name: string;
  /** As Koji spells it: dashes are underscores. */
  readonly kojiStream: string;
  readonly version: string;
  readonly context: string;
  readonly tag: string;
}

/** `event` null: now. `names` null: all modules of the tag. */
export async function taggedModules(
  hub: KojiHub,
  wanted: { readonly tag: string; readonly event: number | null; readonly names: readonly string[] | null },
  signal: AbortSignal,
): Promise<Answer<readonly TaggedModule[]>> {
  const kwargs = { inherit: true, type: 'module', ...(wanted.event !== null && { event: wanted.event }) };
  const rows = await hub.callRows({ method: 'listTagged', args: [wanted.tag], kwargs }, moduleRow, signal);
  if ('failure' in rows) return rows;
  const names = wanted.names && new Set(wanted.names);
  const chosen = choose(rows.value.filter(({ name }) => names === null || names.has(name)).flatMap(candidate));
  // listTagged with extra would send the modulemd of every old version, too.
  const details = await hub.callAll(
    chosen.map(({ id }) => ({ method: 'getBuild', args: [id] })),
    buildWithExtra.nullable(),
    signal,
  );
  if ('failure' in details) return details;
  const modules: TaggedModule[] = [];
  for (const [index, { name, version, context, nvr, tag }] of chosen.entries()) {
    const info = details.value[index]?.extra?.typeinfo?.module;
    if (!info) return refuseSource(hub.profile, [`the module build ${nvr} in ${tag} has no modulemd stored with it`]);
    const { stream, modulemd_str: modulemd, content_koji_tag: contentTag } = info;
    modules.push({ name, stream, version, context, nvr, tag, modulemd, contentTag: contentTag ?? null });
  }
  return { value: modules };
}

/** Koji lists the tag itself first, then what it inherits, in order. */
function choose(candidates: readonly Candidate[]): readonly Candidate[] {
  const best = new Map<string, Candidate[]>();
  for (const one of candidates) {
    const key = `${one.name}:${one.kojiStream}`;
    const [chosen] = best.get(key) ?? [];
    if (!chosen || (chosen.tag === one.tag && isNewer(one, chosen))) best.set(key, [one]);
    else if (chosen.tag === one.tag && chosen.version === one.version) best.get(key)?.push(one);
  }
  return [...best.values()].flat();
}

function isNewer(left: Candidate, right: Candidate): boolean {
  return BigInt(left.version) > BigInt(right.version);
}

function candidate({ id, nvr, name, version, release, tag_name: tag }: z.infer<typeof moduleRow>): Candidate[] {
  // Other content generators may use other releases; such a build cannot be named as a module.
  const [, moduleVersion, context] = /^(\d{1,40})\.([0-9A-Za-z_]+)$/.exec(release) ?? [];
  return moduleVersion && context ? [{ id, nvr, name, kojiStream: version, version: moduleVersion, context, tag }] : [];
}
