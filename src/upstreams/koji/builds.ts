// Builds by name-version-release: whether they are there, complete and made of RPMs, and which RPMs those are.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import type { Asked, KojiHub } from './koji-hub.ts';

export interface KojiBuild {
  readonly id: number;
  readonly nvr: string;
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch: number | null;
  readonly volume: string | null;
}

export interface KojiRpm {
  readonly id: number;
  readonly buildId: number;
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch: number | null;
  readonly arch: string;
  /** Of the file as it was built, without a signature. */
  readonly sizeBytes: number | null;
  /** MD5 of header and payload; null where it is not told, or not of that kind. */
  readonly payloadHash: string | null;
}

const MD5 = /^[0-9a-f]{32}$/;
const COMPLETE = 1;
const STATES = ['still being built', 'complete', 'deleted', 'failed', 'canceled'];

export const buildFields = {
  id: z.number().int(),
  nvr: z.string(),
  name: z.string(),
  version: z.string(),
  release: z.string(),
  epoch: z.number().int().nullable(),
  volume_name: z.string().nullish(),
};
const build = z.object({ ...buildFields, state: z.number().int() });
/** A row about an RPM; null where there is no file of it. */
export const rpmRow = z
  .object({
    id: z.number().int(),
    build_id: z.number().int(),
    name: z.string(),
    version: z.string(),
    release: z.string(),
    epoch: z.number().int().nullable(),
    arch: z.string(),
    size: z.number().int().nullish(),
    payloadhash: z.string().nullish(),
    metadata_only: z.boolean().nullish(),
  })
  .transform(({ build_id, size, payloadhash, metadata_only, ...row }): KojiRpm | null => {
    const payloadHash = payloadhash != null && MD5.test(payloadhash) ? payloadhash : null;
    return metadata_only ? null : { ...row, buildId: build_id, sizeBytes: size ?? null, payloadHash };
  });

/** The builds, in the order asked; INVALID_SOURCE names all that cannot be composed from, and why. */
export async function findBuilds(
  hub: KojiHub,
  nvrs: readonly string[],
  signal: AbortSignal,
): Promise<Asked<readonly KojiBuild[]>> {
  const malformed = nvrs.filter((nvr) => !/^.+-[^-]+-[^-]+$/.test(nvr));
  if (malformed.length > 0)
    return refuse(
      hub,
      malformed.map((nvr) => `“${nvr}” is not name-version-release`),
    );
  const found = await hub.askAll(
    nvrs.map((nvr) => ({ method: 'getBuild', args: [nvr] })),
    build.nullable(),
    signal,
  );
  if ('failure' in found) return found;
  const problems: string[] = [];
  const builds: z.infer<typeof build>[] = [];
  for (const [index, nvr] of nvrs.entries()) {
    const one = found.value[index];
    if (!one) problems.push(`there is no build ${nvr}`);
    else if (one.state !== COMPLETE) problems.push(`${nvr} is ${STATES[one.state] ?? `in state ${one.state}`}`);
    else builds.push(one);
  }
  if (problems.length > 0) return refuse(hub, problems);
  const types = await hub.askAll(
    builds.map(({ id }) => ({ method: 'getBuildType', args: [id] })),
    z.record(z.string(), z.unknown()),
    signal,
  );
  if ('failure' in types) return types;
  const others = builds.flatMap(({ nvr }, index) => {
    const names = Object.keys(types.value[index] ?? {});
    return names.includes('rpm')
      ? []
      : [`${nvr} holds no RPMs${names.length > 0 ? ` (it is a build of type ${names.join(', ')})` : ''}`];
  });
  return others.length > 0 ? refuse(hub, others) : { value: builds.map(toBuild) };
}

/** The RPMs that the builds have files of, of all arches, sources included. */
export async function rpmsOfBuilds(
  hub: KojiHub,
  builds: readonly KojiBuild[],
  signal: AbortSignal,
): Promise<Asked<readonly KojiRpm[]>> {
  const found = await hub.askAll(
    builds.map(({ id }) => ({ method: 'listBuildRPMs', args: [id] })),
    z.array(rpmRow),
    signal,
  );
  if ('failure' in found) return found;
  return { value: found.value.flat().filter((one) => one !== null) };
}

export function toBuild({
  id,
  nvr,
  name,
  version,
  release,
  epoch,
  volume_name,
}: z.infer<z.ZodObject<typeof buildFields>>): KojiBuild {
  return { id, nvr, name, version, release, epoch, volume: volume_name ?? null };
}

function refuse(hub: KojiHub, problems: readonly string[]): { readonly failure: ReturnType<typeof failure> } {
  const [first] = problems;
  const message =
    problems.length === 1
      ? `Koji (${hub.profile.name}): ${first}`
      : `Koji (${hub.profile.name}): ${problems.length} of the builds cannot be used: ${problems.slice(0, 10).join('; ')}${problems.length > 10 ? ' …' : ''}`;
  return { failure: failure('INVALID_SOURCE', message, problems.length > 10 ? problems.join('\n') : null) };
}
