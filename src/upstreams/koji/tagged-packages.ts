// What a tag holds at an event: the latest build of each package, inherited ones included unless told otherwise, and whether
// the packages asked for by name are among their RPMs, so that a compose can fail before Pungi has run for an hour.

import { z } from 'zod';
import type { ComposeFailure } from '../../compose/failure.ts';
import { missingPackagesFailure } from '../../compose/package-failures.ts';
import { missingPackages } from '../../compose/package-pattern.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import { buildFields, rpmRow, toBuild, type KojiBuild, type KojiRpm } from './builds.ts';
import type { Asked, KojiHub } from './koji-hub.ts';

export interface TagQuestion {
  readonly tag: string;
  readonly event: number;
  readonly inheritance: boolean;
}

export interface TaggedBuild extends KojiBuild {
  /** The tag that it is in itself. */
  readonly tag: string;
}

const tagged = z.object({ ...buildFields, tag_name: z.string() });
const rpm = z.object({ name: z.string(), arch: z.string() });
const packageConfig = z.object({ package_name: z.string(), tag_name: z.string(), blocked: z.boolean() });

/** Latest per package; those that are blocked are not among them. */
export async function taggedBuilds(
  hub: KojiHub,
  { tag, event, inheritance }: TagQuestion,
  signal: AbortSignal,
): Promise<Asked<readonly TaggedBuild[]>> {
  const rows = await hub.askRows(
    { method: 'listTagged', args: [tag], kwargs: { event, inherit: inheritance, latest: true } },
    tagged,
    signal,
  );
  if ('failure' in rows) return rows;
  return { value: rows.value.map((row) => ({ ...toBuild(row), tag: row.tag_name })) };
}

/** The RPMs of those builds that are of one of `arches`, `src` for sources. */
export async function taggedRpms(
  hub: KojiHub,
  { tag, event, inheritance, arches }: TagQuestion & { readonly arches: readonly string[] },
  signal: AbortSignal,
): Promise<Asked<{ readonly rpms: readonly KojiRpm[]; readonly builds: readonly KojiBuild[] }>> {
  const question = {
    method: 'listTaggedRPMS',
    args: [tag],
    kwargs: { event, inherit: inheritance, latest: true, arch: arches },
  };
  const answer = await hub.ask(question, z.tuple([z.array(z.unknown()), z.array(z.unknown())]), signal);
  if ('failure' in answer) return answer;
  const rpms = await hub.checkRows(question.method, answer.value[0], rpmRow, signal);
  if ('failure' in rpms) return rpms;
  const builds = await hub.checkRows(
    question.method,
    answer.value[1],
    z.object(buildFields).transform(toBuild),
    signal,
  );
  if ('failure' in builds) return builds;
  return { value: { rpms: rpms.value.filter((one) => one !== null), builds: builds.value } };
}

/** Null where every name and glob in `packages` is answered by an RPM of one of `arches`; else MISSING_PACKAGES, naming all that are not. */
export async function checkPackages(
  hub: KojiHub,
  asked: TagQuestion & {
    readonly packages: readonly string[];
    /** RPM arches, noarch included. */ readonly arches: readonly string[];
  },
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  if (asked.packages.length === 0) return null;
  const { tag, event, inheritance, arches } = asked;
  const question = {
    method: 'listTaggedRPMS',
    args: [tag],
    kwargs: { event, inherit: inheritance, latest: true, arch: arches },
  };
  const answer = await hub.ask(question, z.tuple([z.array(z.unknown()), z.unknown()]), signal);
  if ('failure' in answer) return answer.failure;
  const rpms = await hub.checkRows(question.method, answer.value[0], rpm, signal);
  if ('failure' in rpms) return rpms.failure;
  const missing = await runInSlices(missingPackages(asked.packages, rpms.value), signal);
  if (missing.length === 0) return null;
  const blocked = await blockedAmong(hub, asked, missing, signal);
  if ('failure' in blocked) return blocked.failure;
  const described = missing.map((name) => name + (blocked.value.get(name) ?? ''));
  return missingPackagesFailure(described, `tag ${tag} at event ${event}${inheritance ? '' : ' without inheritance'}`);
}

/** Of names that are packages of the tag but blocked: in which tag. */
async function blockedAmong(
  hub: KojiHub,
  { tag, event }: TagQuestion,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Asked<ReadonlyMap<string, string>>> {
  const questions = names.map((name) => ({ method: 'getPackageConfig', args: [tag, name], kwargs: { event } }));
  const found = await hub.askAll(questions, packageConfig.nullable(), signal);
  if ('failure' in found) return found;
  return {
    value: new Map(
      found.value.flatMap((config) =>
        config?.blocked ? [[config.package_name, ` (blocked in ${config.tag_name})`]] : [],
      ),
    ),
  };
}
