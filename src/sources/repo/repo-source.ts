// What a REPO compose takes its packages from, looked at: every repository of every arch opened within bounds, its
// metadata verified, and its packages indexed in scratch. One that several arches share is opened once.

import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  OpenedRepository,
  PackageDownloads,
  PackageMetadata,
  ResolvedInput,
  SourceResolver,
} from '../../app/ports.ts';
import { treeArches } from '../../compose/arches.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { HostLookup, RepoBounds } from '../../upstreams/http/address-guard.ts';
import { fetchFile } from '../../upstreams/http/fetch-file.ts';
import type { ExtractTask } from './extract-thread.ts';
import { HttpClient, type HttpTimeouts } from '../../upstreams/http/http-client.ts';
import type { IndexResult, IndexTask } from './index-thread.ts';
import { openRepository, readRepomd, type FoundRepository } from './open-repository.ts';

export interface RepoSourceOptions extends RepoBounds {
  readonly timeouts?: HttpTimeouts;
  readonly retry?: RetryPolicy;
  /** Downloads at a time from one host. */
  readonly connectionsPerHost?: number;
  /** Instead of the system's; what it answers is looked at all the same. */
  readonly lookup?: HostLookup;
}

type Context = Parameters<SourceResolver['resolve']>[1];
export type Opened = Pick<ResolvedInput, 'fingerprint' | 'repositories' | 'lookasides'>;

export interface IndexedRepository extends FoundRepository {
  /** Where its packages are written to. */
  readonly packageIndex: string;
}

const TIMEOUTS: HttpTimeouts = { connectMs: 10_000, idleMs: 30_000 };

/** Files that decide whether a package comes as multilib; the names alone count. */
const MULTILIB_FILES = { pattern: '^/(usr/)?lib(64)?/', arches: treeArches('x86_64').multilib };

export class RepoSource implements SourceResolver, PackageDownloads, PackageMetadata {
  readonly #options: RepoSourceOptions;
  readonly #client: HttpClient;
  readonly #retry: RetryPolicy;

  constructor(options: RepoSourceOptions) {
    this.#options = options;
    this.#retry = options.retry ?? RETRY_POLICIES['http-download'];
    this.#client = new HttpClient(
      options,
      options.timeouts ?? TIMEOUTS,
      options.connectionsPerHost ?? 8,
      options.lookup,
    );
  }

  async identify(compose: Compose, signal: AbortSignal): ReturnType<SourceResolver['identify']> {
    return this.look(compose, sourceOfType(compose, 'REPO').repo, signal);
  }

  async resolve(
    compose: Compose,
    context: Context,
  ): Promise<{ readonly input: ResolvedInput } | { readonly failure: ComposeFailure }> {
    const source = sourceOfType(compose, 'REPO');
    const answer = await this.open(compose, source.repo, context);
    if ('failure' in answer) return answer;
    const revisions = answer.opened.repositories.map(({ revision }) => revision ?? '');
    return { input: { source: { ...source, revisions }, ...answer.opened } };
  }

  /** `repo` and the compose's lookaside repositories by their repomd.xml; with null the latter alone. */
  async look(compose: Compose, repo: string | null, signal: AbortSignal): ReturnType<SourceResolver['identify']> {
    // Made only where something is fetched.
    const scratch = join(tmpdir(), `odcs-identify-${randomUUID()}`);
    try {
      const asked = repositoriesOf(compose, repo);
      const read = await Promise.all(
        asked.map(({ location }, index) =>
          readRepomd(location, {
            bounds: this.#options,
            client: this.#client,
            // Looking for a result to share does not wait for a mirror.
            retry: RETRY_POLICIES['no-retry'],
            scratch: join(scratch, String(index)),
            signal,
          }),
        ),
      );
      const failed = read.find((outcome) => 'failure' in outcome);
      if (failed && 'failure' in failed) return failed;
      return {
        fingerprint: read.flatMap((outcome, index) =>
          'found' in outcome ? fingerprintOf(asked[index]?.arch ?? '', outcome.found) : [],
        ),
      };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  /** Likewise, whole. */
  async open(
    compose: Compose,
    repo: string | null,
    context: Context,
  ): Promise<{ readonly opened: Opened } | { readonly failure: ComposeFailure }> {
    const main = repo === null ? [] : [repo];
    const indexed = new Map<string, Promise<readonly IndexedRepository[] | ComposeFailure>>();
    const repositories: OpenedRepository[] = [];
    const lookasides: OpenedRepository[] = [];
    for (const arch of compose.arches) {
      const locations = [...main, ...compose.lookasideRepos].map((location) => location.replaceAll('$basearch', arch));
      const multilib = choosesMultilib(compose, arch);
      const key = JSON.stringify([locations, multilib]);
      const opening =
        indexed.get(key) ?? this.#index(locations, multilib, join(context.scratch, `source-${indexed.size}`), context);
      indexed.set(key, opening);
      const outcome = await opening;
      if ('code' in outcome) return { failure: outcome };
      const read = outcome.map((repository) => opened(arch, repository));
      repositories.push(...read.slice(0, main.length));
      lookasides.push(...read.slice(main.length));
    }
    const fingerprint = compose.arches.flatMap((arch) =>
      [...repositories, ...lookasides]
        .filter((each) => each.arch === arch)
        .flatMap((each) => fingerprintOf(arch, each)),
    );
    return { opened: { fingerprint, repositories, lookasides } };
  }

  async download(wanted: Parameters<PackageDownloads['download']>[0]): Promise<ComposeFailure | null> {
    const url = URL.parse(wanted.url);
    if (!url) return failure('INVALID_SOURCE', `${wanted.url} is not a valid URL`);
    const { sizeBytes, checksum, checksumType, to, signal } = wanted;
    return await fetchFile({
      client: this.#client,
      retry: this.#retry,
      url,
      to,
      maxBytes: sizeBytes,
      expected: { sizeBytes, checksum, checksumType },
      signal,
    });
  }

  async extract({ repository, packages, to, signal }: Parameters<PackageMetadata['extract']>[0]): Promise<boolean> {
    const { metadataDirectory, repomdSha256 } = repository;
    const input: ExtractTask = { metadataDirectory, repomdSha256, packages, to };
    return await runInThread<boolean>({ module: threadModule(import.meta.url, 'extract-thread'), input, signal });
  }

  /** One file, without anything known of it but a bound. Null when it is in place. */
  async fetch({
    url,
    to,
    maxBytes,
    signal,
  }: {
    readonly url: string;
    readonly to: string;
    readonly maxBytes: number;
    readonly signal: AbortSignal;
  }): Promise<ComposeFailure | null> {
    const parsed = URL.parse(url);
    if (!parsed) return failure('INVALID_SOURCE', `${url} is not a valid URL`);
    return await fetchFile({
      client: this.#client,
      retry: this.#retry,
      url: parsed,
      to,
      maxBytes,
      expected: null,
      signal,
    });
  }

  /** A repository's metadata within reach; `scratch` is its own. */
  async find(location: string, scratch: string, signal: AbortSignal): ReturnType<typeof openRepository> {
    await mkdir(scratch, { recursive: true });
    return await openRepository(location, {
      bounds: this.#options,
      client: this.#client,
      retry: this.#retry,
      scratch,
      signal,
    });
  }

  /** Indexes them together: each keeps the files that packages of any of them require. Their numbers of packages. */
  async index(
    repositories: readonly IndexedRepository[],
    multilib: boolean,
    signal: AbortSignal,
  ): Promise<Extract<IndexResult, { packages: unknown }> | { readonly failure: ComposeFailure }> {
    const task: IndexTask = {
      repositories: repositories.map(({ location, metadataDirectory, needed, isLocal, packageIndex }) => ({
        location,
        metadataDirectory,
        files: needed,
        isLocal,
        output: packageIndex,
      })),
      keepFiles: multilib ? MULTILIB_FILES : null,
    };
    return await runInThread<IndexResult>({
      module: threadModule(import.meta.url, 'index-thread'),
      input: task,
      signal,
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #index(
    locations: readonly string[],
    multilib: boolean,
    scratch: string,
    context: Context,
  ): Promise<readonly IndexedRepository[] | ComposeFailure> {
    const { signal } = context;
    const found: FoundRepository[] = [];
    for (const [index, location] of locations.entries()) {
      const outcome = await this.find(location, join(scratch, String(index)), signal);
      if ('failure' in outcome) return outcome.failure;
      found.push(outcome.found);
    }
    const indexed = found.map((repository, index) => ({
      ...repository,
      packageIndex: join(scratch, String(index), 'packages'),
    }));
    const asked = indexed.map((repository, index) => ({
      ...repository,
      location: locations[index] ?? repository.location,
    }));
    const result = await this.index(asked, multilib, signal);
    if ('failure' in result) return result.failure;
    for (const [index, { revision }] of found.entries())
      context.log(
        `Read ${result.packages[index]} packages from ${locations[index]} (revision ${revision ?? 'none'})\n`,
      );
    return indexed;
  }
}

/** Whether the files of packages decide which of them come as multilib. */
export function choosesMultilib({ multilibArches, multilibMethods }: Compose, arch: string): boolean {
  return multilibArches.includes(arch) && multilibMethods.some((method) => method !== 'ALL');
}

/** Every repository that is read, by arch: the source's, then the lookaside's. */
function repositoriesOf(
  { arches, lookasideRepos }: Compose,
  repo: string | null,
): readonly { readonly arch: string; readonly location: string }[] {
  return arches.flatMap((arch) =>
    [...(repo === null ? [] : [repo]), ...lookasideRepos].map((location) => ({
      arch,
      location: location.replaceAll('$basearch', arch),
    })),
  );
}

export function fingerprintOf(arch: string, { repomdSha256 }: { readonly repomdSha256: string }): string[] {
  return [`${arch} ${repomdSha256}`];
}

export function opened(
  arch: string,
  { location, isLocal, revision, repomdSha256, metadataDirectory, packageIndex }: IndexedRepository,
): OpenedRepository {
  return { arch, location, isLocal, revision, repomdSha256, metadataDirectory, packageIndex, isPackageSet: false };
}
