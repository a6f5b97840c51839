// Resolves REPO sources as the service does, within the bounds that a test sets.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Compose } from '../../src/compose/compose.ts';
import type { RetryPolicy } from '../../src/concurrency/retry-policies.ts';
import { PackageFiles } from '../../src/sources/repo/package-files.ts';
import { RepoSourceResolver } from '../../src/sources/repo/repo-source-resolver.ts';
import { RepositoryReader } from '../../src/sources/repo/repository-reader.ts';
import type { HostLookup, UrlBounds } from '../../src/upstreams/http/address-guard.ts';
import { HttpClient } from '../../src/upstreams/http/http-client.ts';
import type { Timeouts } from '../../src/upstreams/http/problem.ts';
import { aCompose } from './composes.ts';
import { supervised } from './process-runner.ts';

export interface RepoOptions extends Partial<UrlBounds> {
  readonly repoRoots?: readonly string[];
  readonly timeouts?: Timeouts;
  readonly retry?: RetryPolicy;
  readonly lookup?: HostLookup;
}

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Removed after the tests of the file. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'odcs-test-'));
  directories.push(directory);
  return directory;
}

export function repoSource({ repoRoots = ['/'], timeouts, retry, lookup, ...bounds }: RepoOptions = {}) {
  const client = new HttpClient({
    guard: { bounds: { urlAllow: undefined, hostIsLoopback: true, ...bounds }, lookup },
    timeouts: timeouts ?? { connectMs: 10_000, idleMs: 30_000 },
    connections: 8,
    retry: retry ?? { attempts: 3, firstPauseMs: 5 },
  });
  return {
    resolver: new RepoSourceResolver(new RepositoryReader({ repoRoots, client })),
    files: new PackageFiles(client),
    close: () => client.close(),
  };
}

export async function resolveRepo(repo: string, options: RepoOptions = {}, compose: Partial<Compose> = {}) {
  const source = repoSource(options);
  try {
    return await source.resolver.resolve(
      aCompose({ source: { type: 'REPO', repo, packages: [], revisions: null }, ...compose }),
      {
        scratch: temporaryDirectory(),
        signal: new AbortController().signal,
        run: supervised,
        log: () => {},
      },
    );
  } finally {
    await source.close();
  }
}
