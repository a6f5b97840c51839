// An attempt for tests of engines, in a temporary directory. Records progress, log and process groups.

import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Generation, OpenedRepository, ProcessGroup } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { newIdentity } from '../../src/compose/pungi-identity.ts';
import { T0, aCompose } from './composes.ts';

export interface TestGeneration extends AsyncDisposable {
  readonly generation: Generation;
  readonly progress: { readonly percent: number; readonly phase: string }[];
  readonly groups: ProcessGroup[];
  readonly abort: () => void;
  /** The log up to now. */
  log(): string;
  /** Settles when the log contains `text`. */
  logged(text: string): Promise<void>;
}

export async function aGeneration(
  repo: string,
  overrides: Partial<Compose> & { readonly packages?: readonly string[] } = {},
): Promise<TestGeneration> {
  const { packages = [], ...rest } = overrides;
  const source = { type: 'REPO' as const, repo, packages, revisions: null };
  const compose = aCompose({ source, state: 'GENERATING', attempt: 1, ...rest });
  const top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-generation-')));
  const directory = join(top, '.attempts', '42.1');
  const scratch = `${directory}.scratch`;
  for (const path of [directory, scratch]) await mkdir(path, { recursive: true });
  const progress: TestGeneration['progress'] = [];
  const groups: ProcessGroup[] = [];
  const aborting = new AbortController();
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  let log = '';
  const generation: Generation = {
    compose,
    attempt: 1,
    identity: newIdentity(compose.id, compose.composeType, T0),
    input: { source, fingerprint: [], repositories: compose.arches.map((arch) => opened(repo, arch)), lookasides: [] },
    directory,
    scratch,
    signal: aborting.signal,
    progress: (percent, phase) => void progress.push({ percent, phase }),
    log: (text) => {
      log += text;
      for (const { text: wanted, resolve } of waiting) if (log.includes(wanted)) resolve();
    },
    keepConfiguration: () => {},
    registerProcessGroup: async (group) => void groups.push(group),
  };
  return {
    generation,
    progress,
    groups,
    abort: () => aborting.abort(),
    log: () => log,
    logged: (text) => new Promise((resolve) => (log.includes(text) ? resolve() : waiting.push({ text, resolve }))),
    [Symbol.asyncDispose]: () => rm(top, { recursive: true }),
  };
}

export function opened(location: string, arch: string): OpenedRepository {
  return {
    arch,
    location,
    isLocal: location.startsWith('/'),
    revision: null,
    repomdSha256: '',
    metadataDirectory: location,
    packageIndex: '/nonexistent/package-index',
    isPackageSet: false,
  };
}
