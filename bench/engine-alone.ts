// Runs an engine without the service: resolves the source and generates, without queue, database and publishing.

import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Engine } from '../src/app/ports.ts';
import type { Compose } from '../src/compose/compose.ts';
import { createDnfEngine } from '../src/engines/dnf/dnf-engine.ts';
import { createPungiEngine } from '../src/engines/pungi/pungi-engine.ts';
import { createLogger } from '../src/bootstrap/logger.ts';
import { PackageFiles } from '../src/sources/repo/package-files.ts';
import { RepoSourceResolver } from '../src/sources/repo/repo-source-resolver.ts';
import { RepositoryReader } from '../src/sources/repo/repository-reader.ts';
import { RETRY_POLICIES } from '../src/concurrency/retry-policies.ts';
import { HttpClient } from '../src/upstreams/http/http-client.ts';
import { aGeneration } from '../test/support/generation.ts';
import { supervised } from '../test/support/process-runner.ts';

export interface AloneRun {
  readonly ms: number;
  /** When each phase began, in milliseconds. */
  readonly phases: ReadonlyMap<string, number>;
  readonly packages: readonly string[];
}

const PATH = process.env['PATH'] ?? '/usr/bin:/bin';
const logger = createLogger('error');

export class EngineAlone {
  readonly #engine: Engine;
  /** Pungi reads the source itself. */
  readonly #source: { readonly resolver: RepoSourceResolver; close(): Promise<void> } | null;

  private constructor(engine: Engine, client: HttpClient | null) {
    this.#engine = engine;
    this.#source = client && {
      resolver: new RepoSourceResolver(new RepositoryReader({ repoRoots: ['/'], client })),
      close: () => client.close(),
    };
  }

  static dnf(): EngineAlone {
    const client = new HttpClient({
      guard: { bounds: { urlAllow: undefined, hostIsLoopback: true } },
      timeouts: { connectMs: 10_000, idleMs: 30_000 },
      connections: 8,
      retry: RETRY_POLICIES['http-download'],
    });
    const downloads = new PackageFiles(client);
    return new EngineAlone(createDnfEngine({ path: PATH, link: 'auto', downloads, logger }), client);
  }

  /** Null if pungi-koji is not on PATH. */
  static pungi(): EngineAlone | null {
    if (!PATH.split(delimiter).some((directory) => isExecutable(join(directory, 'pungi-koji')))) return null;
    return new EngineAlone(
      createPungiEngine({ path: `${PATH}${delimiter}${dirname(process.execPath)}`, logger }),
      null,
    );
  }

  async run(
    repository: string,
    request: Partial<Compose> & { readonly packages: readonly string[] },
  ): Promise<AloneRun> {
    await using attempt = await aGeneration(repository, request);
    const phases = new Map<string, number>();
    const started = performance.now();
    const progress = (_percent: number, phase: string) =>
      void (phases.has(phase) || phases.set(phase, performance.now() - started));
    const input = await this.#inputOf(attempt.generation);
    const failure = await this.#engine.generate({ ...attempt.generation, input, progress });
    if (failure) throw new Error(failure.message);
    return { ms: performance.now() - started, phases, packages: packagesIn(attempt.generation.directory) };
  }

  async close(): Promise<void> {
    await this.#source?.close();
  }

  async #inputOf({
    compose,
    input,
    scratch,
    signal,
  }: Awaited<ReturnType<typeof aGeneration>>['generation']): Promise<typeof input> {
    if (!this.#source) return input;
    const resolved = await this.#source.resolver.resolve(compose, { scratch, signal, run: supervised, log: () => {} });
    if ('failure' in resolved) throw new Error(resolved.failure.message);
    return resolved.input;
  }
}

/** NEVRAs of rpms.json. */
function packagesIn(directory: string): readonly string[] {
  const { payload } = JSON.parse(readFileSync(join(directory, 'compose', 'metadata', 'rpms.json'), 'utf8')) as {
    payload: { rpms: Record<string, Record<string, Record<string, object>>> };
  };
  const sources = Object.values(payload.rpms).flatMap((arches) =>
    Object.values(arches).flatMap((bySource) => Object.values(bySource)),
  );
  return [...new Set(sources.flatMap((packages) => Object.keys(packages)))].toSorted();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
