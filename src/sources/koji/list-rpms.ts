// Writes the RPMs that the hub lists for a compose to an index: their names, and the paths that their files may have, signed
// as asked. What the packages require is not known yet.

import { open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isSourceArch } from '../../compose/arches.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { encodePackage, type RpmPackage } from '../../compose/rpm-package.ts';
import type { Answer } from '../../upstreams/answer.ts';
import { findBuilds, rpmsOfBuilds, type KojiBuild, type KojiRpm } from '../../upstreams/koji/builds.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { rpmFile, rpmPath, signedRpmPath } from '../../upstreams/koji/path-info.ts';
import { taggedRpms } from '../../upstreams/koji/tagged-packages.ts';
import { refuseHref } from '../repo/href.ts';
import type { KojiSelection } from './koji-lookup.ts';

interface RpmListing {
  readonly selection: Pick<KojiSelection, 'tag' | 'event' | 'inheritance' | 'builds'>;
  /** RPM arches, `src` included. */
  readonly arches: readonly string[];
  /** In order of preference. An empty key, or no key at all, allows unsigned packages. */
  readonly sigkeys: readonly string[];
}

interface Rpms {
  readonly rpms: readonly KojiRpm[];
  readonly builds: readonly KojiBuild[];
}

const SLICE = 500;

/** Writes packages with `unread` to `to`. */
export async function listRpms(
  hub: KojiHub,
  wanted: RpmListing,
  to: string,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const found = await findRpms(hub, wanted, signal);
  return 'failure' in found ? found.failure : writeIndex(to, found.value, wanted.sigkeys, signal);
}

/** A named build replaces the tag's build of the same package, as in Pungi. */
async function findRpms(
  hub: KojiHub,
  { selection: { tag, event, inheritance, builds }, arches }: RpmListing,
  signal: AbortSignal,
): Promise<Answer<Rpms>> {
  const tagged =
    tag === null || event === null
      ? { value: { rpms: [], builds: [] } }
      : await taggedRpms(hub, { tag, event, inheritance, arches }, signal);
  if ('failure' in tagged || builds.length === 0) return tagged;
  const named = await findBuilds(hub, builds, signal);
  if ('failure' in named) return named;
  const rpms = await rpmsOfBuilds(hub, named.value, signal);
  if ('failure' in rpms) return rpms;
  const names = new Set(named.value.map(({ name }) => name));
  const kept = tagged.value.builds.filter(({ name }) => !names.has(name));
  const keptIds = new Set(kept.map(({ id }) => id));
  const wantedArches = new Set(arches);
  return {
    value: {
      builds: [...kept, ...named.value],
      rpms: [
        ...tagged.value.rpms.filter(({ buildId }) => keptIds.has(buildId)),
        ...rpms.value.filter(({ arch }) => wantedArches.has(arch)),
      ],
    },
  };
}

async function writeIndex(
  path: string,
  { rpms, builds }: Rpms,
  sigkeys: readonly string[],
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const byId = new Map(builds.map((build) => [build.id, build]));
  const sources = new Map(rpms.filter(({ arch }) => isSourceArch(arch)).map((rpm) => [rpm.buildId, rpmFile(rpm)]));
  const file = await open(path, 'w');
  try {
    for (let start = 0; start < rpms.length; start += SLICE) {
      const lines: string[] = [];
      for (const rpm of rpms.slice(start, start + SLICE)) {
        const build = byId.get(rpm.buildId);
        if (!build) continue;
        const pkg = packageOf(rpm, build, sources.get(rpm.buildId) ?? `${build.nvr}.src.rpm`, sigkeys);
        const refusal = refuseHref(pkg.href);
        if (refusal)
          return failure('UPSTREAM_UNAVAILABLE', `Koji lists a file “${pkg.href}” that cannot be: ${refusal}.`);
        lines.push(`${encodePackage(pkg)}\n`);
      }
      await file.write(lines.join(''));
      await nextTurn();
      signal.throwIfAborted();
    }
    return null;
  } finally {
    await file.close();
  }
}

function packageOf(rpm: KojiRpm, build: KojiBuild, sourceRpm: string, sigkeys: readonly string[]): RpmPackage {
  const { name, version, release, arch, sizeBytes, payloadHash } = rpm;
  const epoch = rpm.epoch ?? 0;
  const signed = sigkeys
    .filter((key) => key !== '')
    .map((key) => ({ path: signedRpmPath(build, rpm, key), sizeBytes: null }));
  const unsigned = sigkeys.length === 0 || sigkeys.includes('') ? [{ path: rpmPath(build, rpm), sizeBytes }] : [];
  return {
    name,
    epoch,
    version,
    release,
    arch,
    sourceRpm: isSourceArch(arch) ? null : sourceRpm,
    href: rpmPath(build, rpm),
    sizeBytes: sizeBytes ?? 0,
    checksumType: '',
    checksum: '',
    provides: [`${name} = ${epoch === 0 ? '' : `${epoch}:`}${version}-${release}`],
    requires: [],
    files: [],
    unread: { rpmId: rpm.id, known: 'name', candidates: [...signed, ...unsigned], payloadHash },
  };
}
