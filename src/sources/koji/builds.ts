// Builds that a request names, alone or on top of a tag: there, signed as asked, with the packages that were asked for.

import { binaryArches, isSourceArch } from '../../compose/arches.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { missingPackages, packagesNamed } from '../../compose/package-pattern.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import { findBuilds, rpmsOfBuilds, type KojiBuild, type KojiRpm } from '../../upstreams/koji/builds.ts';
import { checkSignatures } from '../../upstreams/koji/signatures.ts';
import type { Look } from './tag-lookup.ts';

type BuildLook = Look<'BUILD'> | Look<'TAG'>;

/** A build of that name may be deleted and made anew: its id tells which it is. */
export async function identifyBuilds({
  source,
  upstreams,
  signal,
}: BuildLook): Promise<
  | { readonly builds: readonly KojiBuild[]; readonly fingerprint: readonly string[] }
  | { readonly failure: ComposeFailure }
> {
  const builds = source.builds.length === 0 ? { value: [] } : await findBuilds(upstreams.hub, source.builds, signal);
  if ('failure' in builds) return builds;
  return { builds: builds.value, fingerprint: builds.value.map(({ nvr, id }) => `build ${nvr} ${id}`).sort() };
}

/** The names asked for that no RPM of the builds answers to; or why the builds cannot be used. */
export async function checkBuilds(
  look: BuildLook,
  builds: readonly KojiBuild[],
): Promise<{ readonly missing: readonly string[] } | { readonly failure: ComposeFailure }> {
  const { compose, source, upstreams, signal } = look;
  if (builds.length === 0 || (source.packages.length === 0 && compose.sigkeys.length === 0))
    return { missing: builds.length === 0 ? source.packages : [] };
  const rpms = await rpmsOfBuilds(upstreams.hub, builds, signal);
  if ('failure' in rpms) return rpms;
  const arches = new Set(binaryArches(compose.arches));
  const usable = rpms.value.filter(({ arch }) => arches.has(arch));
  const unsigned = await checkSignatures(
    upstreams.hub,
    {
      builds,
      rpms: await namedAmong(source.packages, rpms.value, signal),
      sigkeys: compose.sigkeys,
      arches: new Set([...arches, 'src', 'nosrc']),
      lookAtFiles: upstreams.hub.profile.topUrl !== null,
    },
    signal,
  );
  if (unsigned) return { failure: unsigned };
  return { missing: await runInSlices(missingPackages(source.packages, usable), signal) };
}

/** Of the builds that hold one asked for: that RPM and the sources, which come along. What else is needed Pungi alone can tell. */
async function namedAmong(
  packages: readonly string[],
  rpms: readonly KojiRpm[],
  signal: AbortSignal,
): Promise<readonly KojiRpm[]> {
  if (packages.length === 0) return rpms;
  const named = await runInSlices(packagesNamed(packages, rpms), signal);
  const chosen = new Set([...named].map(({ buildId }) => buildId));
  return rpms.filter((rpm) => named.has(rpm) || (isSourceArch(rpm.arch) && chosen.has(rpm.buildId)));
}
