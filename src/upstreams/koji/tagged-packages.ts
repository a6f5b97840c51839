// The builds and RPMs of a tag at an event, each package in its latest build; and whether the packages that a request
// names are among them, so that a compose can fail before Pungi runs.

import { z } from 'zod';
import type { ComposeFailure } from '../../compose/failure.ts';
import { missingPackagesFailure } from '../../compose/package-failures.ts';
import { missingPackages } from '../../compose/package-pattern.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import type { Answer } from '../answer.ts';
import { buildRow, rpmRow, type KojiBuild, type KojiRpm } from './builds.ts';
import { checkRows } from './check-reply.ts';
import type { KojiHub } from './koji-hub.ts';

interface TagAtEvent {
  readonly tag: string;
  readonly event: number;
  /** Whether inherited builds count. */
  readonly inheritance: boolean;
}

const nameRow = z.object({ name: z.string(), arch: z.string() });
const packageConfig = z.object({ package_name: z.string(), tag_name: z.string(), blocked: z.boolean() });

/**
 * The latest build of each package that is not blocked, and the RPMs of these builds that are of one of `arches`; `src`
 * for sources.
 */
export async function taggedRpms(
  hub: KojiHub,
  wanted: TagAtEvent & { readonly arches: readonly string[] },
  signal: AbortSignal,
): Promise<Answer<{ readonly rpms: readonly KojiRpm[]; readonly builds: readonly KojiBuild[] }>> {
  const { method, answer } = await listTaggedRpms(hub, wanted, signal);
  if ('failure' in answer) return answer;
  const rpms = await checkRows(hub.profile, method, answer.value[0], rpmRow, signal);
  if ('failure' in rpms) return rpms;
  const builds = await checkRows(hub.profile, method, answer.value[1], buildRow, signal);
  if ('failure' in builds) return builds;
  return { value: { rpms: rpms.value.filter((rpm) => rpm !== null), builds: builds.value } };
}

/** Null if every name and glob in `packages` matches an RPM of one of `arches`; else MISSING_PACKAGES with all that do not. */
export async function checkPackages(
  hub: KojiHub,
  wanted: TagAtEvent & {
    readonly packages: readonly string[];
    /** RPM arches, noarch included. */
    readonly arches: readonly string[];
  },
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const { packages, tag, event, inheritance } = wanted;
  if (packages.length === 0) return null;
  const { method, answer } = await listTaggedRpms(hub, wanted, signal);
  if ('failure' in answer) return answer.failure;
  const rpms = await checkRows(hub.profile, method, answer.value[0], nameRow, signal);
  if ('failure' in rpms) return rpms.failure;
  const missing = await runInSlices(missingPackages(packages, rpms.value), signal);
  if (missing.length === 0) return null;
  const blocked = await blockedPackages(hub, wanted, missing, signal);
  if ('failure' in blocked) return blocked.failure;
  const names = missing.map((name) => name + (blocked.value.get(name) ?? ''));
  return missingPackagesFailure(names, `tag ${tag} at event ${event}${inheritance ? '' : ' without inheritance'}`);
}

async function listTaggedRpms(
  hub: KojiHub,
  { tag, event, inheritance, arches }: TagAtEvent & { readonly arches: readonly string[] },
  signal: AbortSignal,
): Promise<{ readonly method: string; readonly answer: Answer<[unknown[], unknown[]]> }> {
  const method = 'listTaggedRPMS';
  const kwargs = { event, inherit: inheritance, latest: true, arch: arches };
  const lists = z.tuple([z.array(z.unknown()), z.array(z.unknown())]);
  return { method, answer: await hub.call({ method, args: [tag], kwargs }, lists, signal) };
}

/** Of packages that the tag blocks, a remark that names the blocking tag. */
async function blockedPackages(
  hub: KojiHub,
  { tag, event }: TagAtEvent,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Answer<ReadonlyMap<string, string>>> {
  const calls = names.map((name) => ({ method: 'getPackageConfig', args: [tag, name], kwargs: { event } }));
  const found = await hub.callAll(calls, packageConfig.nullable(), signal);
  if ('failure' in found) return found;
  const blocked = found.value.filter((config) => config?.blocked === true);
  return {
    value: new Map(blocked.map((config) => [config?.package_name ?? '', ` (blocked in ${config?.tag_name})`])),
  };
}
