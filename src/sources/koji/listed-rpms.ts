// The RPMs that the hub names for a compose, written down as packages of which no more is known than what the hub tells: their
// names, and where their files may be, signed as asked.

import { open } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import type { KojiInput } from '../../app/ports.ts';
import { isSourceArch } from '../../compose/arches.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { encodePackage, type RpmPackage } from '../../compose/rpm-package.ts';
import { findBuilds, rpmsOfBuilds, type KojiBuild, type KojiRpm } from '../../upstreams/koji/builds.ts';
import type { Asked, KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { rpmFile, rpmPath, signedRpmPath } from '../../upstreams/koji/path-info.ts';
import { taggedRpms } from '../../upstreams/koji/tagged-packages.ts';
import { refuseHref } from '../repo/href.ts';

export interface ListedRpms extends Pick<KojiInput, 'tag' | 'event' | 'inheritance' | 'builds'> {
  /** RPM arches, `src` among them. */
  readonly arches: readonly string[];
  /** Most wanted first; an empty one allows unsigned packages, and so does none at all. */
  readonly sigkeys: readonly string[];
}

interface Rpms {
  readonly rpms: readonly KojiRpm[];
  readonly builds: readonly KojiBuild[];
}

const SLICE = 500;

/** Writes an index of packages with `unread`. */
export async function listRpms(
  hub: KojiHub,
  wanted: ListedRpms,
  to: string,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const found = await findRpms(hub, wanted, signal);
  return 'failure' in found ? found.failure : writeList(to, found.value, wanted.sigkeys, signal);
}

/** Builds that are named take the place of those of the same package in the tag, as Pungi has it. */
async function findRpms(
  hub: KojiHub,
  { tag, event, inheritance, builds, arches }: ListedRpms,
  signal: AbortSignal,
): Promise<Asked<Rpms>> {
  const tagged =
    tag === null || event === null
      ? { value: { rpms: [], builds: [] } }
      : await taggedRpms(hub, { tag, event, inheritance, arches }, signal);
  if ('failure' in tagged) return tagged;
  if (builds.length === 0) return tagged;
  const named = await findBuilds(hub, builds, signal);
  if ('failure' in named) return named;
  const own = await rpmsOfBuilds(hub, named.value, signal);
  if ('failure' in own) return own;
  const names = new Set(named.value.map(({ name }) => name));
  const kept = tagged.value.builds.filter(({ name }) => !names.has(name));
  const ids = new Set(kept.map(({ id }) => id));
  const fitting = new Set(arches);
  return {
    value: {
      builds: [...kept, ...named.value],
      rpms: [
        ...tagged.value.rpms.filter(({ buildId }) => ids.has(buildId)),
        ...own.value.filter(({ arch }) => fitting.has(arch)),
      ],
    },
  };
}

async function writeList(
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
        if (refusal) return failure('UPSTREAM_UNAVAILABLE', `Koji tells of a file at “${pkg.href}”: ${refusal}`);
        lines.push(`${encodePackage(pkg)}\n`);
      }
      await file.write(lines.join(''));
      await breathe();
      signal.throwIfAborted();
    }
    return null;
  } finally {
    await file.close();
  }
}

/** As far as the hub can tell. */
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
    unread: { rpmId: rpm.id, knows: 'name', places: [...signed, ...unsigned], payloadHash },
  };
}
