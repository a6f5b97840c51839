// Resolving a REPO source as the service does, within the bounds a test sets.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { RepoSource, type RepoSourceOptions } from '../../src/sources/repo/repo-source.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { aCompose } from './composes.ts';
import { supervised } from './process-runner.ts';

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Gone after the file's tests. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'odcs-test-'));
  made.push(directory);
  return directory;
}

export function repoSource(options: Partial<RepoSourceOptions> = {}): RepoSource {
  return new RepoSource({
    repoRoots: ['/'],
    urlAllow: undefined,
    hostIsLoopback: true,
    retry: { attempts: 3, firstPauseMs: 5 },
    ...options,
  });
}

export async function resolveRepo(
  repo: string,
  options: Partial<RepoSourceOptions> = {},
  compose: Partial<Compose> = {},
) {
  const source = repoSource(options);
  const logged: string[] = [];
  try {
    return await source.resolve(
      aCompose({ source: { type: 'REPO', repo, packages: [], revisions: null }, ...compose }),
      {
        scratch: temporaryDirectory(),
        signal: new AbortController().signal,
        run: supervised,
        log: (text) => void logged.push(text),
      },
    );
  } finally {
    await source.close();
  }
}
