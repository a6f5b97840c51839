// The packages that Pungi would take from Koji, as repositories for an engine that reads those: which RPMs they are is the
// hub's word, at the very event; what is in them Koji's own repository of the tag tells, of whatever state that is, and
// createrepo_c of those that it does not have. Debug and source packages are looked into only where they are chosen.

import { binaryArches, treeArches } from '../../compose/arches.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { OpenedRepository, ResolveContext, ResolvedInput } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { Asked, KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { FoundRepository } from '../repo/open-repository.ts';
import {
  choosesMultilib,
  fingerprintOf,
  opened,
  type IndexedRepository,
  type Opened,
  type RepoSource,
} from '../repo/repo-source.ts';
import type { KojiFiles } from './koji-files.ts';
import { listRpms, type ListedRpms } from './listed-rpms.ts';
import type { PackageSetResult, PackageSetTask } from './package-set-thread.ts';

export interface PackageSetOptions {
  readonly hub: KojiHub;
  readonly files: KojiFiles;
  readonly repositories: Pick<RepoSource, 'find' | 'index'>;
  /** Where Koji's own repositories of tags are: `<url>/<tag>/<id>/<arch>`. */
  readonly repoUrl: string | null;
}

type Taken = Pick<ListedRpms, 'tag' | 'event' | 'inheritance' | 'builds'>;
type Failed = { readonly failure: ComposeFailure };
type Context = Pick<ResolveContext, 'scratch' | 'signal' | 'run' | 'log'>;

type OpenedSet = Opened & Required<Pick<ResolvedInput, 'downloadDirectory'>>;

/** Read at once, it takes less time than to find out what of it is needed. */
const READILY = { packages: 1_000, bytes: 256 * 1024 ** 2 };
const NOTHING = { packages: 0, bytes: 0 };
/** More is not brought from afar only to be looked into: then Koji's repository is too old, or there is none. */
const MOST_READ_FROM_AFAR = { packages: 5_000, bytes: 4 * 1024 ** 3 };

export async function openPackageSet(
  options: PackageSetOptions,
  compose: Compose,
  taken: Taken,
  context: Context,
): Promise<{ readonly opened: OpenedSet } | Failed> {
  const place = await options.files.place();
  if ('failure' in place) return place;
  await mkdir(join(context.scratch, 'koji', 'brought'), { recursive: true });
  const list = join(context.scratch, 'koji', 'packages');
  const failed = await listRpms(
    options.hub,
    { ...taken, arches: ['src', ...binaryArches(compose.arches)], sigkeys: compose.sigkeys },
    list,
    context.signal,
  );
  if (failed) return { failure: failed };
  const repoId = await latestRepo(options, taken.tag, context.signal);
  if ('failure' in repoId) return repoId;
  const opening = new Opening(options, { compose, tag: taken.tag, repoId: repoId.value, place, list, context });
  for (const arch of compose.arches) {
    const unopened = await opening.add(arch);
    if (unopened) return { failure: unopened };
  }
  return { opened: opening.opened };
}

const repo = z.object({ id: z.number().int() });

/** Whatever its event: it is asked for nothing but what is in packages that the hub named. */
async function latestRepo(
  { hub, repoUrl }: PackageSetOptions,
  tag: string | null,
  signal: AbortSignal,
): Promise<Asked<number | null>> {
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
    const fingerprint = compose.arches.flatMap((arch) =>
      this.#lookasides.filter((each) => each.arch === arch).flatMap((each) => fingerprintOf(arch, each)),
    );
    return {
      fingerprint,
      repositories: this.#repositories,
      lookasides: this.#lookasides,
      downloadDirectory: this.#brought,
    };
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
    this.#log(
      `${set.described} packages for ${arch} are known to Koji's repository of the tag, ${set.made} were looked into`,
    );
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
    const outcome = await this.#find(
      `${this.#options.repoUrl}/${encodeURIComponent(tag)}/${repoId}/${arch}`,
      `own-${arch}`,
    );
    if ('found' in outcome) return outcome.found;
    if (outcome.failure.retryable && !place.isLocal) return outcome.failure;
    this.#log(`Koji's repository of ${tag} is no help: ${outcome.failure.message}`);
    return null;
  }

  async #match(arch: string, kojis: FoundRepository | null, lookasides: readonly FoundRepository[]) {
    const { compose, list, context, place } = this.#work;
    const indexed = (repository: FoundRepository, name: string): IndexedRepository => ({
      ...repository,
      packageIndex: join(context.scratch, 'koji', `${name}-${arch}`),
    });
    const own = kojis && { ...indexed(kojis, 'index'), isLocal: false };
    const read = this.#read.map((one, index) => ({ ...indexed(one, `read-${index}`), isLocal: false }));
    const aside = lookasides.map((one, index) => indexed(one, `aside-${index}`));
    const counted = await this.#options.repositories.index(
      [...(own ? [own] : []), ...read, ...aside],
      choosesMultilib(compose, arch),
      context.signal,
    );
    if ('failure' in counted) return counted.failure;
    const { native, multilib } = treeArches(arch);
    const input: PackageSetTask = {
      packages: list,
      arches: ['src', ...native, ...(compose.multilibArches.includes(arch) ? multilib : []), 'noarch'],
      kojis: own?.packageIndex ?? null,
      read: read.map(({ packageIndex }) => packageIndex),
      readily: place.isLocal ? READILY : NOTHING,
      index: join(context.scratch, 'koji', `set-${arch}`),
      unread: join(context.scratch, 'koji', `unread-${arch}`),
    };
    const result = await runInThread<PackageSetResult>({
      module: threadModule(import.meta.url, 'package-set-thread'),
      input,
      signal: context.signal,
    });
    return { ...result, index: input.index, lookasides: aside, metadata: own ?? read[0] ?? null };
  }

  async #readMissing(
    arch: string,
    { count, bytes, list }: PackageSetResult['unread'],
    hasRepository: boolean,
  ): Promise<ComposeFailure | null> {
    const { compose, place, context, tag } = this.#work;
    const isTooMuch = count > MOST_READ_FROM_AFAR.packages || bytes > MOST_READ_FROM_AFAR.bytes;
    if (!place.isLocal && isTooMuch && tag !== null) return tooFar(tag, count, bytes, hasRepository);
    const { scratch, run, signal } = context;
    // Any copy will do, so that one that is absent is not one that is not signed.
    const unsigned = { ...compose, sigkeys: [] };
    const examined = await this.#options.files.examine({
      compose: unsigned,
      repository: place,
      packages: list,
      brought: this.#brought,
      scratch: join(scratch, 'koji', `examined-${arch}`),
      run,
      signal,
    });
    if ('failure' in examined) return examined.failure;
    this.#read.push(examined.made);
    return null;
  }

  #log(text: string): void {
    this.#work.context.log(`${text}\n`);
  }

  #keep(
    arch: string,
    {
      index,
      lookasides,
      metadata,
    }: {
      readonly index: string;
      readonly lookasides: readonly IndexedRepository[];
      readonly metadata: FoundRepository | null;
    },
  ): void {
    const { place } = this.#work;
    this.#repositories.push({
      arch,
      ...place,
      revision: null,
      repomdSha256: metadata?.repomdSha256 ?? '',
      metadataDirectory: metadata?.metadataDirectory ?? '',
      packageIndex: index,
      isPackageSet: true,
    });
    this.#lookasides.push(...lookasides.map((one) => opened(arch, one)));
  }
}

function tooFar(tag: string, count: number, bytes: number, hasRepository: boolean): ComposeFailure {
  const why = hasRepository
    ? `Koji's repository of tag “${tag}” does not have all of the packages that the tag has`
    : `Koji has no repository of tag “${tag}” that tells what is in its packages`;
  return failure(
    'UPSTREAM_UNAVAILABLE',
    `${why}; ${count} packages of ${Math.ceil(bytes / 1024 ** 2)} MiB are too much to download for that (${MOST_READ_FROM_AFAR.packages} of ${MOST_READ_FROM_AFAR.bytes / 1024 ** 2} MiB at most); try again when Koji has made a new one, or have Koji's topDir mounted on the worker`,
  );
}
