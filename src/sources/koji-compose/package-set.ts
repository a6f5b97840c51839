// The packages that Pungi would take from Koji, as repositories for an engine that reads those: which RPMs they are is the
// hub's word, at the very event; what is in them Koji's own repository of the tag tells, of whatever state that is, and
// createrepo_c of those that it does not have. Debug and source packages are looked into only where they are chosen.

import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import type { KojiInput, OpenedRepository, ResolveContext, ResolvedInput } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { encodePackage, isSourceArch, type RpmPackage } from '../../compose/rpm-package.ts';
import { runInThread, threadModule } from '../../worker-thread.ts';
import { findBuilds, rpmsOfBuilds, type KojiBuild, type KojiRpm } from '../koji/builds.ts';
import type { Asked, KojiHub } from '../koji/koji-hub.ts';
import { rpmFile, rpmPath, signedRpmPath } from '../koji/path-info.ts';
import { taggedRpms } from '../koji/tagged-packages.ts';
import { refuseHref } from '../repo/href.ts';
import type { FoundRepository } from '../repo/open-repository.ts';
import { choosesMultilib, fingerprintOf, opened, type IndexedRepository, type Opened, type RepoSource } from '../repo/resolver.ts';
import type { KojiFiles } from './koji-files.ts';
import { rpmArches, treeArches } from './looking.ts';
import type { PackageSetResult, PackageSetTask } from './package-set-thread.ts';

export interface PackageSetOptions {
  readonly hub: KojiHub;
  readonly files: KojiFiles;
  readonly repositories: Pick<RepoSource, 'find' | 'index'>;
  /** Where Koji's own repositories of tags are: `<url>/<tag>/<id>/<arch>`. */
  readonly repoUrl: string | null;
}

type Taken = Pick<KojiInput, 'tag' | 'event' | 'inheritance' | 'builds'>;
type Failed = { readonly failure: ComposeFailure };
type Context = Pick<ResolveContext, 'scratch' | 'signal' | 'run' | 'log'>;

type OpenedSet = Opened & Required<Pick<ResolvedInput, 'brought'>>;

interface Rpms {
  readonly rpms: readonly KojiRpm[];
  readonly builds: readonly KojiBuild[];
}

const SLICE = 500;
/** More is not brought from afar only to be looked into: then Koji's repository is too old, or there is none. */
const MOST_READ_FROM_AFAR = { packages: 5_000, bytes: 4 * 1024 ** 3 };

export async function openPackageSet(options: PackageSetOptions, compose: Compose, taken: Taken, context: Context): Promise<{ readonly opened: OpenedSet } | Failed> {
  const place = await options.files.place();
  if ('failure' in place) return place;
  const listed = await listRpms(options.hub, taken, ['src', ...rpmArches(compose.arches)], context.signal);
  if ('failure' in listed) return listed;
  await mkdir(join(context.scratch, 'koji', 'brought'), { recursive: true });
  const list = join(context.scratch, 'koji', 'packages');
  const written = await writeList(list, listed.value, compose.sigkeys, context.signal);
  if (written) return { failure: written };
  const repoId = await latestRepo(options, taken.tag, context.signal);
  if ('failure' in repoId) return repoId;
  const opening = new Opening(options, { compose, tag: taken.tag, repoId: repoId.value, place, list, context });
  for (const arch of compose.arches) {
    const failed = await opening.add(arch);
    if (failed) return { failure: failed };
  }
  return { opened: opening.opened };
}

/** Builds that are named take the place of those of the same package in the tag, as Pungi has it. */
async function listRpms(hub: KojiHub, { tag, event, inheritance, builds }: Taken, arches: readonly string[], signal: AbortSignal): Promise<Asked<Rpms>> {
  const tagged = tag === null || event === null ? { value: { rpms: [], builds: [] } } : await taggedRpms(hub, { tag, event, inheritance, arches }, signal);
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
  return { value: { builds: [...kept, ...named.value], rpms: [...tagged.value.rpms.filter(({ buildId }) => ids.has(buildId)), ...own.value.filter(({ arch }) => fitting.has(arch))] } };
}

async function writeList(path: string, { rpms, builds }: Rpms, sigkeys: readonly string[], signal: AbortSignal): Promise<ComposeFailure | null> {
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
  const signed = sigkeys.filter((key) => key !== '').map((key) => ({ path: signedRpmPath(build, rpm, key), sizeBytes: null }));
  const unsigned = sigkeys.length === 0 || sigkeys.includes('') ? [{ path: rpmPath(build, rpm), sizeBytes }] : [];
  return {
    name, epoch, version, release, arch,
    sourceRpm: isSourceArch(arch) ? null : sourceRpm,
    href: rpmPath(build, rpm),
    sizeBytes: sizeBytes ?? 0,
    checksumType: '',
    checksum: '',
    provides: [`${name} = ${epoch === 0 ? '' : `${epoch}:`}${version}-${release}`],
    requires: [],
    files: [],
    unread: { knows: 'name', places: [...signed, ...unsigned], payloadHash },
  };
}

const repo = z.object({ id: z.number().int() });

/** Whatever its event: it is asked for nothing but what is in packages that the hub named. */
async function latestRepo({ hub, repoUrl }: PackageSetOptions, tag: string | null, signal: AbortSignal): Promise<Asked<number | null>> {
  if (tag === null || repoUrl === null) return { value: null };
  const found = await hub.ask({ method: 'getRepo', args: [tag] }, repo.nullable(), signal);
  return 'failure' in found ? found : { value: found.value?.id ?? null };
}

interface Work {
  readonly compose: Compose;
  readonly tag: string | null;
  readonly repoId: number | null;
  readonly place: Pick<OpenedRepository, 'location' | 'isLocal'>;
  readonly list: string;
  readonly context: Context;
}

/** Arch after arch: what was read for one is known for the next. */
class Opening {
  readonly #options: PackageSetOptions;
  readonly #work: Work;
  readonly #read: FoundRepository[] = [];
  readonly #repositories: OpenedRepository[] = [];
  readonly #lookasides: OpenedRepository[] = [];

  constructor(options: PackageSetOptions, work: Work) {
    this.#options = options;
    this.#work = work;
  }

  get #brought(): string {
    return join(this.#work.context.scratch, 'koji', 'brought');
  }

  get opened(): OpenedSet {
    const { compose } = this.#work;
    // What Koji has is told by the hub's own words.
    const fingerprint = compose.arches.flatMap((arch) => this.#lookasides.filter((each) => each.arch === arch).flatMap((each) => fingerprintOf(arch, each)));
    return { fingerprint, repositories: this.#repositories, lookasides: this.#lookasides, brought: this.#brought };
  }

  async add(arch: string): Promise<ComposeFailure | null> {
    const { compose } = this.#work;
    const lookasides: FoundRepository[] = [];
    for (const [index, location] of compose.lookasideRepos.entries()) {
      const outcome = await this.#find(location.replaceAll('$basearch', arch), `lookaside-${arch}-${index}`);
      if ('failure' in outcome) return outcome.failure;
      lookasides.push(outcome.found);
    }
    let kojis = await this.#kojisOwn(arch);
    if (kojis && 'code' in kojis) return kojis;
    let set = await this.#match(arch, kojis, lookasides);
    if ('code' in set && kojis) {
      this.#log(`Koji's repository is no help: ${set.message}`);
      kojis = null;
      set = await this.#match(arch, kojis, lookasides);
    }
    if ('code' in set) return set;
    if (set.unread.count > 0 || (!kojis && this.#read.length === 0)) {
      const failed = await this.#readMissing(arch, set.unread, kojis !== null);
      if (failed) return failed;
      set = await this.#match(arch, kojis, lookasides);
      if ('code' in set) return set;
    }
    this.#log(`${set.described} packages for ${arch} are known to Koji's repository of the tag, ${set.made} were looked into`);
    this.#keep(arch, set);
    return null;
  }

  #find(location: string, name: string): ReturnType<RepoSource['find']> {
    const { scratch, signal } = this.#work.context;
    return this.#options.repositories.find(location, join(scratch, 'koji', name), signal);
  }

  /** Null where there is none that helps: then the packages themselves are looked into. */
  async #kojisOwn(arch: string): Promise<FoundRepository | ComposeFailure | null> {
    const { tag, repoId, place } = this.#work;
    if (tag === null || repoId === null) return null;
    const outcome = await this.#find(`${this.#options.repoUrl}/${encodeURIComponent(tag)}/${repoId}/${arch}`, `own-${arch}`);
    if ('found' in outcome) return outcome.found;
    if (outcome.failure.retryable && !place.isLocal) return outcome.failure;
    this.#log(`Koji's repository of ${tag} is no help: ${outcome.failure.message}`);
    return null;
  }

  async #match(arch: string, kojis: FoundRepository | null, lookasides: readonly FoundRepository[]) {
    const { compose, list, context } = this.#work;
    const indexed = (repository: FoundRepository, name: string): IndexedRepository => ({ ...repository, packageIndex: join(context.scratch, 'koji', `${name}-${arch}`) });
    const own = kojis && { ...indexed(kojis, 'index'), isLocal: false };
    const read = this.#read.map((one, index) => ({ ...indexed(one, `read-${index}`), isLocal: false }));
    const aside = lookasides.map((one, index) => indexed(one, `aside-${index}`));
    const counted = await this.#options.repositories.index([...(own ? [own] : []), ...read, ...aside], choosesMultilib(compose, arch), context.signal);
    if ('failure' in counted) return counted.failure;
    const input: PackageSetTask = {
      packages: list,
      arches: ['src', ...treeArches(arch, compose.multilibArches.includes(arch))],
      kojis: own?.packageIndex ?? null,
      read: read.map(({ packageIndex }) => packageIndex),
      index: join(context.scratch, 'koji', `set-${arch}`),
      unread: join(context.scratch, 'koji', `unread-${arch}`),
    };
    const result = await runInThread<PackageSetResult>({ module: threadModule(import.meta.url, 'package-set-thread'), input, signal: context.signal });
    return { ...result, index: input.index, lookasides: aside, metadata: own ?? read[0] ?? null };
  }

  async #readMissing(arch: string, { count, bytes, list }: PackageSetResult['unread'], hasRepository: boolean): Promise<ComposeFailure | null> {
    const { compose, place, context, tag } = this.#work;
    const isTooMuch = count > MOST_READ_FROM_AFAR.packages || bytes > MOST_READ_FROM_AFAR.bytes;
    if (!place.isLocal && isTooMuch && tag !== null) return tooFar(tag, count, hasRepository);
    const { scratch, run, signal } = context;
    // Any copy will do, so that one that is absent is not one that is not signed.
    const unsigned = { ...compose, sigkeys: [] };
    const examined = await this.#options.files.examine({ compose: unsigned, repository: place, packages: list, brought: this.#brought, scratch: join(scratch, 'koji', `examined-${arch}`), run, signal });
    if ('failure' in examined) return examined.failure;
    this.#read.push(examined.made);
    return null;
  }

  #log(text: string): void {
    this.#work.context.log(`${text}\n`);
  }

  #keep(arch: string, { index, lookasides, metadata }: { readonly index: string; readonly lookasides: readonly IndexedRepository[]; readonly metadata: FoundRepository | null }): void {
    const { place } = this.#work;
    this.#repositories.push({ arch, ...place, revision: null, repomdSha256: metadata?.repomdSha256 ?? '', metadataDirectory: metadata?.metadataDirectory ?? '', packageIndex: index, isPackageSet: true });
    this.#lookasides.push(...lookasides.map((one) => opened(arch, one)));
  }
}

function tooFar(tag: string, count: number, hasRepository: boolean): ComposeFailure {
  const why = hasRepository ? `Koji's repository of tag “${tag}” does not have ${count} of the packages that the tag has` : `Koji has no repository of tag “${tag}” that tells what is in its packages (${count})`;
  return failure('UPSTREAM_UNAVAILABLE', `${why}, too many to download them all for that; try again when Koji has made a new one, or have Koji's topDir mounted on the worker`);
}
