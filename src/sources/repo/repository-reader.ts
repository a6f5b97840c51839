// Reads the repositories of a compose: opens each one for every arch, verifies its metadata, and writes an index of its
// packages to scratch. Arches that have the same repositories share one index.

import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenedRepository, ResolveContext, ResolvedInput } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { RETRY_POLICIES } from '../../concurrency/retry-policies.ts';
import type { Answer } from '../../upstreams/answer.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import {
  choosesMultilib,
  fingerprintOf,
  indexRepositories,
  openedRepository,
  type IndexedRepository,
} from './index-repositories.ts';
import { openRepository, readRepomd, type FoundRepository } from './open-repository.ts';

interface RepositoryReaderOptions {
  /** Directories that local repositories may lie below. */
  readonly repoRoots: readonly string[];
  /** Guarded: the URLs are those of requests. */
  readonly client: HttpClient;
}

export type OpenedRepositories = Pick<ResolvedInput, 'fingerprint' | 'repositories' | 'lookasides'>;

type Context = Pick<ResolveContext, 'scratch' | 'signal' | 'log'>;

/** `repo`: the source of the compose; null to read its lookaside repositories only. Methods reject after an abort. */
export class RepositoryReader {
  readonly #options: RepositoryReaderOptions;

  constructor(options: RepositoryReaderOptions) {
    this.#options = options;
  }

  /** Of the content of every repository, by its repomd.xml. Does not retry, because it must be quick. */
  async fingerprint(compose: Compose, repo: string | null, signal: AbortSignal): Promise<Answer<readonly string[]>> {
    const scratch = join(tmpdir(), `odcs-identify-${randomUUID()}`);
    const retry = RETRY_POLICIES['no-retry'];
    try {
      const wanted = compose.arches.flatMap((arch) =>
        locationsOf(compose, repo, arch).map((location) => ({ arch, location })),
      );
      const all = await Promise.all(
        wanted.map(({ location }, index) =>
          readRepomd(location, { ...this.#options, retry, scratch: join(scratch, String(index)), signal }),
        ),
      );
      const fingerprint: string[] = [];
      for (const [index, read] of all.entries()) {
        if ('failure' in read) return read;
        fingerprint.push(fingerprintOf(wanted[index]?.arch ?? '', read.value));
      }
      return { value: fingerprint };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  /** Reads and indexes every repository. */
  async open(compose: Compose, repo: string | null, context: Context): Promise<Answer<OpenedRepositories>> {
    const indexed = new Map<string, Promise<Answer<readonly IndexedRepository[]>>>();
    const repositories: OpenedRepository[] = [];
    const lookasides: OpenedRepository[] = [];
    const sources = repo === null ? 0 : 1;
    for (const arch of compose.arches) {
      const locations = locationsOf(compose, repo, arch);
      const multilib = choosesMultilib(compose, arch);
      const key = JSON.stringify([locations, multilib]);
      const scratch = join(context.scratch, `source-${indexed.size}`);
      const indexing = indexed.get(key) ?? this.#index(locations, multilib, { ...context, scratch });
      indexed.set(key, indexing);
      const outcome = await indexing;
      if ('failure' in outcome) return outcome;
      const opened = outcome.value.map((repository) => openedRepository(arch, repository));
      repositories.push(...opened.slice(0, sources));
      lookasides.push(...opened.slice(sources));
    }
    const fingerprint = compose.arches.flatMap((arch) =>
      [...repositories, ...lookasides].filter((each) => each.arch === arch).map((each) => fingerprintOf(arch, each)),
    );
    return { value: { fingerprint, repositories, lookasides } };
  }

  /** One repository's metadata, not indexed yet. `scratch`: of this repository only. */
  async find(location: string, scratch: string, signal: AbortSignal): Promise<Answer<FoundRepository>> {
    await mkdir(scratch, { recursive: true });
    return await openRepository(location, { ...this.#options, scratch, signal });
  }

  async #index(
    locations: readonly string[],
    multilib: boolean,
    { scratch, signal, log }: Context,
  ): Promise<Answer<readonly IndexedRepository[]>> {
    const indexed: IndexedRepository[] = [];
    for (const [index, location] of locations.entries()) {
      const own = join(scratch, String(index));
      const found = await this.find(location, own, signal);
      if ('failure' in found) return found;
      indexed.push({ ...found.value, packageIndex: join(own, 'packages') });
    }
    // Messages name a repository as the request does.
    const named = indexed.map((repository, index) => ({
      ...repository,
      location: locations[index] ?? repository.location,
    }));
    const counts = await indexRepositories(named, multilib, signal);
    if ('failure' in counts) return counts;
    for (const [index, { location, revision }] of named.entries())
      log(`Read ${counts.value[index]} packages from ${location} (revision ${revision ?? 'none'})\n`);
    return { value: indexed };
  }
}

function locationsOf({ lookasideRepos }: Compose, repo: string | null, arch: string): readonly string[] {
  return [...(repo === null ? [] : [repo]), ...lookasideRepos].map((location) =>
    location.replaceAll('$basearch', arch),
  );
}
