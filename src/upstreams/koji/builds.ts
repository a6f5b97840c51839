// Builds by name-version-release: whether they exist, are complete and hold RPMs, and which RPMs those are.

import { z } from 'zod';
import type { Answer } from '../answer.ts';
import type { KojiHub } from './koji-hub.ts';
import { refuseSource } from './refuse-source.ts';

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
  /** Of the file without a signature. */
  readonly sizeBytes: number | null;
  /** MD5 of header and payload; null if the hub has none, or one of another kind. */
  readonly payloadHash: string | null;
}

const MD5 = /^[0-9a-f]{32}$/;
/** `koji.BUILD_STATES` */
const STATES = ['still being built', 'complete', 'deleted', 'failed', 'canceled'];
const COMPLETE = STATES.indexOf('complete');

const fields = {
  id: z.number().int(),
  nvr: z.string(),
  name: z.string(),
  version: z.string(),
  release: z.string(),
  epoch: z.number().int().nullable(),
  volume_name: z.string().nullish(),
};
const stateRow = z.object({ ...fields, state: z.number().int() });

/** A row about a build. */
export const buildRow = z.object(fields).transform(toBuild);

/** A row about an RPM; null if Koji has only metadata of it, and no file. */
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

/** The builds in the order of `nvrs`. INVALID_SOURCE names every build that cannot be used, and why. */
export async function findBuilds(
  hub: KojiHub,
  nvrs: readonly string[],
  signal: AbortSignal,
): Promise<Answer<readonly KojiBuild[]>> {
  const malformed = nvrs.filter((nvr) => !/^.+-[^-]+-[^-]+$/.test(nvr));
  if (malformed.length > 0)
    return refuseSource(
      hub.profile,
      malformed.map((nvr) => `“${nvr}” is not name-version-release`),
    );
  const found = await hub.callAll(
    nvrs.map((nvr) => ({ method: 'getBuild', args: [nvr] })),
    stateRow.nullable(),
    signal,
  );
  if ('failure' in found) return found;
  const problems: string[] = [];
  const builds: KojiBuild[] = [];
  for (const [index, nvr] of nvrs.entries()) {
    const row = found.value[index];
    if (!row) problems.push(`there is no build ${nvr}`);
    else if (row.state !== COMPLETE)
      problems.push(`the build ${nvr} is ${STATES[row.state] ?? `in state ${row.state}`}`);
    else builds.push(toBuild(row));
  }
  return problems.length > 0 ? refuseSource(hub.profile, problems) : checkTypes(hub, builds, signal);
}

async function checkTypes(
  hub: KojiHub,
  builds: readonly KojiBuild[],
  signal: AbortSignal,
): Promise<Answer<readonly KojiBuild[]>> {
  const types = await hub.callAll(
    builds.map(({ id }) => ({ method: 'getBuildType', args: [id] })),
    z.record(z.string(), z.unknown()),
    signal,
  );
  if ('failure' in types) return types;
  const problems = builds.flatMap(({ nvr }, index) => {
    const names = Object.keys(types.value[index] ?? {});
    const others = names.length > 0 ? ` (its type is ${names.join(', ')})` : '';
    return names.includes('rpm') ? [] : [`the build ${nvr} holds no RPMs${others}`];
  });
  return problems.length > 0 ? refuseSource(hub.profile, problems) : { value: builds };
}

/** The RPMs of the builds that Koji has files of; all arches, sources included. */
export async function rpmsOfBuilds(
  hub: KojiHub,
  builds: readonly KojiBuild[],
  signal: AbortSignal,
): Promise<Answer<readonly KojiRpm[]>> {
  const found = await hub.callAll(
    builds.map(({ id }) => ({ method: 'listBuildRPMs', args: [id] })),
    z.array(rpmRow),
    signal,
  );
  return 'failure' in found ? found : { value: found.value.flat().filter((rpm) => rpm !== null) };
}

function toBuild({
  id,
  nvr,
  name,
  version,
  release,
  epoch,
  volume_name,
}: z.infer<z.ZodObject<typeof fields>>): KojiBuild {
  return { id, nvr, name, version, release, epoch, volume: volume_name ?? null };
}
