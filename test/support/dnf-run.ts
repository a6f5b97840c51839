// Runs one attempt of the dnf engine like a worker: resolves the source and generates.

import { supervised } from './process-runner.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, ResolvedInput } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { ComposeFailure } from '../../src/compose/failure.ts';
import { createDnfEngine } from '../../src/engines/dnf/dnf-engine.ts';
import type { LinkMode } from '../../src/engines/shared/link-file.ts';
import { aGeneration, type TestGeneration } from './generation.ts';
import { silentLogger } from './logger.ts';
import { repoSource } from './repo-source.ts';

export interface DnfRun extends AsyncDisposable {
  readonly attempt: TestGeneration;
  /** The attempt's `compose/` directory. */
  readonly target: string;
  readonly failure: ComposeFailure | null;
  /** NEVRAs in rpms.json, sorted. */
  nevras(): string[];
  json(name: string): unknown;
}

export interface DnfRunOptions {
  readonly link?: LinkMode;
  /** The engine's PATH. */
  readonly path?: string;
  /** Called between resolving and generating. */
  readonly meanwhile?: (attempt: TestGeneration) => void;
}

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export async function runDnf(
  repo: string,
  request: Partial<Compose> & { readonly packages?: readonly string[] },
  options: DnfRunOptions = {},
): Promise<DnfRun> {
  const attempt = await aGeneration(repo, request);
  const source = repoSource();
  const engine: Engine = createDnfEngine({
    path: options.path ?? PATH,
    link: options.link ?? 'auto',
    downloads: source.files,
    logger: silentLogger,
  });
  const { generation } = attempt;
  try {
    const resolved = await source.resolver.resolve(generation.compose, {
      scratch: generation.scratch,
      signal: generation.signal,
      run: supervised,
      log: generation.log,
    });
    options.meanwhile?.(attempt);
    const failure =
      'failure' in resolved ? resolved.failure : await engine.generate(withInput(attempt, resolved.input));
    const target = join(generation.directory, 'compose');
    const json = (name: string) => JSON.parse(readFileSync(join(target, 'metadata', name), 'utf8')) as unknown;
    return {
      attempt,
      target,
      failure,
      json,
      nevras: () => nevrasOf(json('rpms.json')),
      [Symbol.asyncDispose]: () => attempt[Symbol.asyncDispose](),
    };
  } finally {
    await source.close();
  }
}

function withInput({ generation }: TestGeneration, input: ResolvedInput) {
  return { ...generation, input };
}

function nevrasOf(rpms: unknown): string[] {
  const { payload } = rpms as {
    payload: { rpms: Record<string, Record<string, Record<string, Record<string, unknown>>>> };
  };
  const perArch = Object.values(payload.rpms['Temporary'] ?? {});
  return [
    ...new Set(perArch.flatMap((sources) => Object.values(sources).flatMap((packages) => Object.keys(packages)))),
  ].sort();
}
