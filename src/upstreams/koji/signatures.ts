// Whether the RPMs of builds are signed with one of the keys asked for, as Pungi will look for them: key by key in the order
// asked, by what the hub has stored and, where files are looked at, by the signed copy that is served.

import { z } from 'zod';
import type { ComposeFailure } from '../../compose/failure.ts';
import { signedCopiesGoneFailure, unsignedPackagesFailure } from '../../compose/package-failures.ts';
import type { KojiBuild, KojiRpm } from './builds.ts';
import type { Asked, KojiHub } from './koji-hub.ts';
import { signedRpmPath } from './path-info.ts';

export interface SignatureQuestion {
  readonly builds: readonly KojiBuild[];
  readonly rpms: readonly KojiRpm[];
  /** Most wanted first; an empty one allows unsigned packages. None: nothing needs a signature. */
  readonly sigkeys: readonly string[];
  /** RPM arches that the compose takes, sources included where it has them; null for all. */
  readonly arches: ReadonlySet<string> | null;
  /** Copies are pruned in time, signatures are not: ask for the files too. Needs the profile's topUrl. */
  readonly lookAtFiles: boolean;
}

const LOOKED_AT_ONCE = 200;
const signature = z.object({ rpm_id: z.number().int(), sigkey: z.string() });

/** Null where every package can be had as asked; else UNSIGNED_PACKAGES, naming the builds. */
export async function checkSignatures(
  hub: KojiHub,
  asked: SignatureQuestion,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  if (asked.sigkeys.length === 0 || asked.sigkeys.includes('')) return null;
  const keys = asked.sigkeys.map((key) => key.toLowerCase());
  const rpms = asked.rpms.filter(({ arch }) => asked.arches === null || asked.arches.has(arch));
  const stored = await storedKeys(
    hub,
    rpms.map(({ id }) => id),
    signal,
  );
  if ('failure' in stored) return stored.failure;
  const unsigned: KojiRpm[] = [];
  const candidates: { readonly rpm: KojiRpm; readonly keys: readonly string[] }[] = [];
  for (const [index, rpm] of rpms.entries()) {
    const usable = keys.filter((key) => stored.value[index]?.has(key));
    if (usable.length > 0) candidates.push({ rpm, keys: usable });
    else unsigned.push(rpm);
  }
  if (asked.lookAtFiles && hub.profile.topUrl !== null) {
    const absent = await withoutCopy(hub, asked.builds, candidates, signal);
    if ('failure' in absent) return absent.failure;
    if (unsigned.length === 0 && absent.rpms.length > 0)
      return packagesFailure(asked, absent.rpms, signedCopiesGoneFailure);
    unsigned.push(...absent.rpms);
  }
  return unsigned.length > 0 ? packagesFailure(asked, unsigned, unsignedPackagesFailure) : null;
}

/** The keys that the hub has a signature of, in lower case, of each RPM. */
export async function storedKeys(
  hub: KojiHub,
  rpmIds: readonly number[],
  signal: AbortSignal,
): Promise<Asked<readonly ReadonlySet<string>[]>> {
  const stored = await hub.askAll(
    rpmIds.map((id) => ({ method: 'queryRPMSigs', args: [], kwargs: { rpm_id: id } })),
    z.array(signature),
    signal,
  );
  return 'failure' in stored
    ? stored
    : { value: stored.value.map((one) => new Set(one.map(({ sigkey }) => sigkey.toLowerCase()))) };
}

async function withoutCopy(
  hub: KojiHub,
  builds: readonly KojiBuild[],
  candidates: readonly { readonly rpm: KojiRpm; readonly keys: readonly string[] }[],
  signal: AbortSignal,
): Promise<{ readonly rpms: readonly KojiRpm[] } | { readonly failure: ComposeFailure }> {
  const byId = new Map(builds.map((build) => [build.id, build]));
  const absent: KojiRpm[] = [];
  for (let start = 0; start < candidates.length; start += LOOKED_AT_ONCE) {
    const looked = await Promise.all(
      candidates.slice(start, start + LOOKED_AT_ONCE).map(async ({ rpm, keys }) => {
        const build = byId.get(rpm.buildId);
        for (const key of build ? keys : []) {
          const there = build && (await hub.hasFile(signedRpmPath(build, rpm, key), signal));
          if (there && 'failure' in there) return there;
          if (there?.value) return null;
        }
        return { rpm };
      }),
    );
    for (const one of looked) {
      if (one && 'failure' in one) return one;
      if (one) absent.push(one.rpm);
    }
  }
  return { rpms: absent };
}

function packagesFailure(
  { builds, sigkeys }: SignatureQuestion,
  unsigned: readonly KojiRpm[],
  failureOf: typeof unsignedPackagesFailure,
): ComposeFailure {
  const byId = new Map(builds.map((build) => [build.id, build.nvr]));
  const nvrs = unsigned.map((rpm) => byId.get(rpm.buildId) ?? `${rpm.name}-${rpm.version}-${rpm.release}`);
  const files = unsigned.map(({ name, version, release, arch }) => `${name}-${version}-${release}.${arch}`);
  return failureOf([...new Set(nvrs)], sigkeys, files.join('\n'));
}
