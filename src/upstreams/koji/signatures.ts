// Whether the RPMs of builds are signed with one of the keys, as Pungi looks for them: by the signatures that the hub has
// stored and, if files are checked, by the signed copies that Koji serves.

import { z } from 'zod';
import type { ComposeFailure } from '../../compose/failure.ts';
import { signedCopiesGoneFailure, unsignedPackagesFailure } from '../../compose/package-failures.ts';
import type { Answer } from '../answer.ts';
import type { KojiBuild, KojiRpm } from './builds.ts';
import type { KojiHub } from './koji-hub.ts';
import { signedRpmPath } from './path-info.ts';

interface SignatureCheck {
  readonly builds: readonly KojiBuild[];
  readonly rpms: readonly KojiRpm[];
  /** In order of preference. An empty key allows unsigned packages; no key at all means that nothing is checked. */
  readonly sigkeys: readonly string[];
  /** RPM arches that the compose takes, sources included; null for all. */
  readonly arches: ReadonlySet<string> | null;
  /** Checks the files too, because Koji prunes signed copies but not signatures. Needs the profile's topUrl. */
  readonly checkFiles: boolean;
}

interface Candidate {
  readonly rpm: KojiRpm;
  /** Keys of the request that the hub has a signature of. */
  readonly keys: readonly string[];
}

const CONCURRENT_FILE_CHECKS = 200;
const signatureRow = z.object({ rpm_id: z.number().int(), sigkey: z.string() });

/** Null if every RPM is signed as asked; else UNSIGNED_PACKAGES, which names the builds. */
export async function checkSignatures(
  hub: KojiHub,
  check: SignatureCheck,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const { sigkeys, arches, builds, checkFiles } = check;
  if (sigkeys.length === 0 || sigkeys.includes('')) return null;
  const keys = sigkeys.map((key) => key.toLowerCase());
  const rpms = check.rpms.filter(({ arch }) => arches === null || arches.has(arch));
  const stored = await storedKeys(
    hub,
    rpms.map(({ id }) => id),
    signal,
  );
  if ('failure' in stored) return stored.failure;
  const candidates = rpms.map((rpm, index) => ({ rpm, keys: keys.filter((key) => stored.value[index]?.has(key)) }));
  const unsigned = candidates.filter((candidate) => candidate.keys.length === 0).map(({ rpm }) => rpm);
  const signed = candidates.filter((candidate) => candidate.keys.length > 0);
  const absent =
    checkFiles && hub.profile.topUrl !== null ? await withoutCopy(hub, builds, signed, signal) : { value: [] };
  if ('failure' in absent) return absent.failure;
  if (unsigned.length > 0) {
    const all = [...unsigned, ...absent.value];
    return unsignedPackagesFailure(nvrsOf(builds, all), sigkeys, filesOf(all));
  }
  return absent.value.length > 0
    ? signedCopiesGoneFailure(nvrsOf(builds, absent.value), sigkeys, filesOf(absent.value))
    : null;
}

/** For each RPM the keys that the hub has a signature of, in lower case. */
export async function storedKeys(
  hub: KojiHub,
  rpmIds: readonly number[],
  signal: AbortSignal,
): Promise<Answer<readonly ReadonlySet<string>[]>> {
  const stored = await hub.callAll(
    rpmIds.map((id) => ({ method: 'queryRPMSigs', args: [], kwargs: { rpm_id: id } })),
    z.array(signatureRow),
    signal,
  );
  return 'failure' in stored
    ? stored
    : { value: stored.value.map((rows) => new Set(rows.map(({ sigkey }) => sigkey.toLowerCase()))) };
}

/** The RPMs that Koji serves no signed copy of. */
async function withoutCopy(
  hub: KojiHub,
  builds: readonly KojiBuild[],
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Answer<readonly KojiRpm[]>> {
  const byId = new Map(builds.map((build) => [build.id, build]));
  const absent: KojiRpm[] = [];
  for (let start = 0; start < candidates.length; start += CONCURRENT_FILE_CHECKS) {
    const slice = candidates.slice(start, start + CONCURRENT_FILE_CHECKS);
    const checked = await Promise.all(
      slice.map((candidate) => hasCopy(hub, byId.get(candidate.rpm.buildId), candidate, signal)),
    );
    for (const [index, copy] of checked.entries()) {
      if ('failure' in copy) return copy;
      const rpm = slice[index]?.rpm;
      if (!copy.value && rpm) absent.push(rpm);
    }
  }
  return { value: absent };
}

async function hasCopy(
  hub: KojiHub,
  build: KojiBuild | undefined,
  { rpm, keys }: Candidate,
  signal: AbortSignal,
): Promise<Answer<boolean>> {
  if (!build) return { value: false };
  for (const key of keys) {
    const exists = await hub.hasFile(signedRpmPath(build, rpm, key), signal);
    if ('failure' in exists || exists.value) return exists;
  }
  return { value: false };
}

function nvrsOf(builds: readonly KojiBuild[], rpms: readonly KojiRpm[]): readonly string[] {
  const byId = new Map(builds.map((build) => [build.id, build.nvr]));
  return [...new Set(rpms.map((rpm) => byId.get(rpm.buildId) ?? `${rpm.name}-${rpm.version}-${rpm.release}`))];
}

function filesOf(rpms: readonly KojiRpm[]): string {
  return rpms.map(({ name, version, release, arch }) => `${name}-${version}-${release}.${arch}`).join('\n');
}
