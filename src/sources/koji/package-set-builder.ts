// Builds the package set of one arch after the other; packages that are read for one arch are known for the next. Debug and
// source packages are read only when the engine chooses them.

import { join } from 'node:path';
import type { OpenedRepository, ResolveContext } from '../../app/ports.ts';
import { treeArches } from '../../compose/arches.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { Answer } from '../../upstreams/answer.ts';
import {
  choosesMultilib,
  fingerprintOf,
  indexRepositories,
  openedRepository,
  type IndexedRepository,
} from '../repo/index-repositories.ts';
import type { FoundRepository } from '../repo/open-repository.ts';
import type { OpenedRepositories, RepositoryReader } from '../repo/repository-reader.ts';
import type { KojiFiles, KojiPackageReader } from './koji-package-reader.ts';
import type { PackageSetResult, PackageSetTask } from './package-set-thread.ts';
import type { TagRepository } from './tag-repository.ts';

export interface PackageSetSources {
  readonly packages: KojiPackageReader;
  readonly repositories: Pick<RepositoryReader, 'find'>;
}

export type PackageSetContext = Pick<ResolveContext, 'scratch' | 'signal' | 'run' | 'log'>;

interface PackageSetWork {
  readonly compose: Compose;
  readonly tag: string | null;
  readonly tagRepository: TagRepository | null;
  readonly files: KojiFiles;
  /** Index of the packages that the hub lists. */
  readonly list: string;
  readonly downloadDirectory: string;
  readonly context: PackageSetContext;
}

/** The packages of one arch, as far as they are known. */
interface ArchSet {
  readonly result: PackageSetResult;
  readonly index: string;
  readonly lookasides: readonly IndexedRepository[];
  /** Metadata that the engine may take over; null if there is none. */
  readonly metadata: IndexedRepository | null;
}

/** Mounted packages up to this limit are all read: finding out which ones are needed would take longer. */
const EAGER_READ_LIMIT = { packages: 1_000, bytes: 256 * 1024 ** 2 };
const NO_EAGER_READS = { packages: 0, bytes: 0 };
/** Beyond this, packages are not downloaded just to be read. */
const MAX_REMOTE_READS = { packages: 5_000, bytes: 4 * 1024 ** 3 };

export class PackageSetBuilder {
  readonly #options: PackageSetSources;
  readonly #work: PackageSetWork;
  /** Metadata of packages that were read. */
  readonly #examined: FoundRepository[] = [];
  readonly #repositories: OpenedRepository[] = [];
  readonly #lookasides: OpenedRepository[] = [];

  constructor(options: PackageSetSources, work: PackageSetWork) {
    this.#options = options;
    this.#work = work;
  }

  /** The fingerprint is that of the lookaside repositories; the packages of Koji follow from tag, event and builds. */
  get opened(): OpenedRepositories {
    const fingerprint = this.#work.compose.arches.flatMap((arch) =>
      this.#lookasides.filter((each) => each.arch === arch).map((each) => fingerprintOf(arch, each)),
    );
    return { fingerprint, repositories: this.#repositories, lookasides: this.#lookasides };
  }

  async add(arch: string): Promise<ComposeFailure | null> {
    const lookasides = await this.#openLookasides(arch);
    if ('failure' in lookasides) return lookasides.failure;
    const own = await this.#openTagRepository(arch);
    if ('failure' in own) return own.failure;
    let repository = own.value;
    let set = await this.#match(arch, repository, lookasides.value);
    if ('failure' in set && repository) {
      this.#log(`Koji's repository of the tag is not used: ${set.failure.message}`);
      repository = null;
      set = await this.#match(arch, null, lookasides.value);
    }
    if ('failure' in set) return set.failure;
    const { unread } = set.value.result;
    if (unread.count > 0 || (!repository && this.#examined.length === 0)) {
      const problem = await this.#readPackages(arch, unread, repository !== null);
      if (problem) return problem;
      set = await this.#match(arch, repository, lookasides.value);
      if ('failure' in set) return set.failure;
    }
    this.#keep(arch, set.value);
    return null;
  }

  async #openLookasides(arch: string): Promise<Answer<readonly FoundRepository[]>> {
    const found: FoundRepository[] = [];
    for (const [index, location] of this.#work.compose.lookasideRepos.entries()) {
      const repository = await this.#find(location.replaceAll('$basearch', arch), `lookaside-${arch}-${index}`);
      if ('failure' in repository) return repository;
      found.push(repository.value);
    }
    return { value: found };
  }

  /** Null if there is none that can be used: then the packages themselves are read. */
  async #openTagRepository(arch: string): Promise<Answer<FoundRepository | null>> {
    const { tagRepository, files } = this.#work;
    if (!tagRepository) return { value: null };
    const found = await this.#find(tagRepository.urlFor(arch), `own-${arch}`);
    if ('value' in found) return found;
    // Without it all packages would have to be downloaded.
    if (found.failure.retryable && !files.isLocal) return found;
    this.#log(`Koji's repository of the tag is not used: ${found.failure.message}`);
    return { value: null };
  }

  #find(location: string, name: string): Promise<Answer<FoundRepository>> {
    const { scratch, signal } = this.#work.context;
    return this.#options.repositories.find(location, join(scratch, name), signal);
  }

  /** Joins the hub's packages with all metadata that there is of them. */
  async #match(
    arch: string,
    repository: FoundRepository | null,
    lookasides: readonly FoundRepository[],
  ): Promise<Answer<ArchSet>> {
    const { compose, list, context, files } = this.#work;
    const { scratch, signal } = context;
    const indexed = (found: FoundRepository, name: string) => ({
      ...found,
      packageIndex: join(scratch, `${name}-${arch}`),
    });
    const own = repository && { ...indexed(repository, 'index'), isLocal: false };
    const examined = this.#examined.map((found, index) => ({ ...indexed(found, `read-${index}`), isLocal: false }));
    const aside = lookasides.map((found, index) => indexed(found, `aside-${index}`));
    const all = [...(own ? [own] : []), ...examined, ...aside];
    const counted = await indexRepositories(all, choosesMultilib(compose, arch), signal);
    if ('failure' in counted) return counted;
    const { native, multilib } = treeArches(arch);
    const input: PackageSetTask = {
      packages: list,
      arches: ['src', ...native, ...(compose.multilibArches.includes(arch) ? multilib : []), 'noarch'],
      tagRepository: own?.packageIndex ?? null,
      examined: examined.map(({ packageIndex }) => packageIndex),
      eagerLimit: files.isLocal ? EAGER_READ_LIMIT : NO_EAGER_READS,
      index: join(scratch, `set-${arch}`),
      unread: join(scratch, `unread-${arch}`),
    };
    const module = threadModule(import.meta.url, 'package-set-thread');
    const result = await runInThread<PackageSetResult>({ module, input, signal });
    return { value: { result, index: input.index, lookasides: aside, metadata: own ?? examined[0] ?? null } };
  }

  async #readPackages(
    arch: string,
    unread: PackageSetResult['unread'],
    hasRepository: boolean,
  ): Promise<ComposeFailure | null> {
    const { compose, tag, files, context, downloadDirectory } = this.#work;
    const isTooMuch = unread.count > MAX_REMOTE_READS.packages || unread.bytes > MAX_REMOTE_READS.bytes;
    if (tag !== null && !files.isLocal && isTooMuch) return tooManyReads(tag, unread, hasRepository);
    const { scratch, run, signal } = context;
    const examined = await this.#options.packages.examine({
      // Any copy has the relations, so a missing signed copy is no failure yet.
      compose: { ...compose, sigkeys: [] },
      repository: files,
      packages: unread.list,
      downloadDirectory,
      scratch: join(scratch, `examined-${arch}`),
      run,
      signal,
    });
    if ('failure' in examined) return examined.failure;
    this.#examined.push(examined.value.created);
    return null;
  }

  #keep(arch: string, { result, index, lookasides, metadata }: ArchSet): void {
    const { files } = this.#work;
    this.#log(
      `${arch}: the metadata of ${result.described} packages is from Koji's repository of the tag, that of ${result.read} was read`,
    );
    this.#repositories.push({
      arch,
      ...files,
      revision: null,
      repomdSha256: metadata?.repomdSha256 ?? '',
      metadataDirectory: metadata?.metadataDirectory ?? '',
      packageIndex: index,
      isPackageSet: true,
    });
    this.#lookasides.push(...lookasides.map((each) => openedRepository(arch, each)));
  }

  #log(text: string): void {
    this.#work.context.log(`${text}\n`);
  }
}

function tooManyReads(
  tag: string,
  { count, bytes }: PackageSetResult['unread'],
  hasRepository: boolean,
): ComposeFailure {
  const mebibytes = (value: number) => Math.ceil(value / 1024 ** 2);
  const reason = hasRepository
    ? `Koji's repository of the tag ${tag} lacks the metadata of ${count} packages`
    : `Koji has no repository of the tag ${tag} with the metadata of its ${count} packages`;
  return failure(
    'UPSTREAM_UNAVAILABLE',
    `${reason}, and their ${mebibytes(bytes)} MiB are too much to download for it (at most ${MAX_REMOTE_READS.packages} packages and ${mebibytes(MAX_REMOTE_READS.bytes)} MiB). Try again when Koji has made a new repository of the tag, or ask the operators to mount Koji's topDir on the worker.`,
  );
}
