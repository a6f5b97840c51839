// Builds that a request names, alone or beside a tag: whether they exist, are signed as asked, and hold the named packages.

import { binaryArches, isSourceArch } from '../../compose/arches.ts';
import { missingPackages, packagesNamed } from '../../compose/package-pattern.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import type { Answer } from '../../upstreams/answer.ts';
import { findBuilds, rpmsOfBuilds, type KojiBuild, type KojiRpm } from '../../upstreams/koji/builds.ts';
import { checkSignatures } from '../../upstreams/koji/signatures.ts';
import type { KojiLookup } from './koji-lookup.ts';

type BuildLookup = KojiLookup<'BUILD'> | KojiLookup<'TAG'>;

/** The fingerprint holds the builds' ids, because a build can be deleted and built again under the same name. */
export async function identifyBuilds({
  source,
  upstreams,
  signal,
}: BuildLookup): Promise<Answer<{ readonly builds: readonly KojiBuild[]; readonly fingerprint: readonly string[] }>> {
  const found = await findBuilds(upstreams.hub, source.builds, signal);
  if ('failure' in found) return found;
  const builds = found.value;
  return { value: { builds, fingerprint: builds.map(({ nvr, id }) => `build ${nvr} ${id}`).sort() } };
}

/** The named packages that no RPM of the builds matches. A failure if RPMs are not signed as asked. */
export async function checkBuilds(
  { compose, source, upstreams, signal }: BuildLookup,
  builds: readonly KojiBuild[],
): Promise<Answer<readonly string[]>> {
  const { hub } = upstreams;
  if (builds.length === 0) return { value: source.packages };
  if (source.packages.length === 0 && compose.sigkeys.length === 0) return { value: [] };
  const found = await rpmsOfBuilds(hub, builds, signal);
  if ('failure' in found) return found;
  const arches = new Set(binaryArches(compose.arches));
  const unsigned = await checkSignatures(
    hub,
    {
      builds,
      rpms: await namedRpms(source.packages, found.value, signal),
      sigkeys: compose.sigkeys,
      arches: new Set([...arches, 'src', 'nosrc']),
      checkFiles: hub.profile.topUrl !== null,
    },
    signal,
  );
  if (unsigned) return { failure: unsigned };
  const usable = found.value.filter(({ arch }) => arches.has(arch));
  return { value: await runInSlices(missingPackages(source.packages, usable), signal) };
}

/** The named RPMs and the source RPMs of their builds. Only Pungi can find which other RPMs they need. */
async function namedRpms(
  packages: readonly string[],
  rpms: readonly KojiRpm[],
  signal: AbortSignal,
): Promise<readonly KojiRpm[]> {
  if (packages.length === 0) return rpms;
  const named = await runInSlices(packagesNamed(packages, rpms), signal);
  const builds = new Set([...named].map(({ buildId }) => buildId));
  return rpms.filter((rpm) => named.has(rpm) || (isSourceArch(rpm.arch) && builds.has(rpm.buildId)));
}
