// One module looked up: in MBS, and where its name ends in -devel, in Koji, the only place that has those; MBS then
// tells of the module that it belongs to.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { BaseBounds } from '../../upstreams/mbs/built-on.ts';
import type { MbsBuild, MbsClient } from '../../upstreams/mbs/mbs-client.ts';
import type { FoundModule } from './module-map.ts';
import type { DependencySet } from '../../upstreams/mbs/modulemd.ts';
import { formatNsvc, type ModuleName, type Nsvc } from '../../upstreams/mbs/nsvc.ts';
import { readModulemds } from '../../upstreams/mbs/read-modulemds.ts';
import type { BaseModule } from '../../compose/sources/module.ts';

/** Which of these modules Koji has as builds. */
export type FindInKoji = (
  modules: readonly Nsvc[],
  signal: AbortSignal,
) => Promise<{ readonly existing: readonly Nsvc[] } | { readonly failure: ComposeFailure }>;

export interface LookupOptions {
  readonly mbs: Pick<MbsClient, 'latest'>;
  /** Null where there is no Koji to ask: then a -devel module is taken to be where its module is. */
  readonly findInKoji: FindInKoji | null;
  /** Without it no modulemd is read. */
  readonly dependencies: boolean;
  readonly signal: AbortSignal;
}

export interface LookupQuery {
  readonly wanted: Parameters<MbsClient['latest']>[0]['wanted'];
  readonly includeDone: boolean;
  readonly baseModule: BaseModule | null;
  readonly within: BaseBounds | null;
}

/** `modules` is empty where there is none; `others` come with them: the module of a -devel module. */
export type LookupResult =
  | { readonly modules: readonly FoundModule[]; readonly others: readonly FoundModule[] }
  | { readonly failure: ComposeFailure };

const DEVEL = '-devel';

export async function lookUpModule(query: LookupQuery, options: LookupOptions): Promise<LookupResult> {
  const { mbs, signal } = options;
  const answer = await mbs.latest({ ...query, signal });
  if ('failure' in answer) return answer;
  const { wanted } = query;
  if (answer.builds.length === 0 && wanted.stream !== null && wanted.name.endsWith(DEVEL) && wanted.name !== DEVEL) {
    return await lookUpDevel({ ...query, wanted }, options);
  }
  const read = await found(answer.builds, options);
  return 'failure' in read ? read : { modules: read.modules, others: [] };
}

async function lookUpDevel(
  query: LookupQuery & { readonly wanted: ModuleName },
  options: LookupOptions,
): Promise<LookupResult> {
  const { mbs, findInKoji, signal } = options;
  const answer = await mbs.latest({
    ...query,
    wanted: { ...query.wanted, name: query.wanted.name.slice(0, -DEVEL.length) },
    signal,
  });
  if ('failure' in answer) return answer;
  const read = await found(answer.builds, options);
  if ('failure' in read) return read;
  const devel = read.modules.map((module) => develOf(module));
  if (devel.length === 0 || findInKoji === null) return { modules: devel, others: read.modules };
  const inKoji = await findInKoji(devel, signal);
  if ('failure' in inKoji) return inKoji;
  const existing = new Set(inKoji.existing.map(formatNsvc));
  return { modules: devel.filter((module) => existing.has(formatNsvc(module))), others: read.modules };
}

/** It always needs the module that it is the development part of. */
function develOf(module: FoundModule): FoundModule {
  const own = { name: module.name, streams: [module.stream], excluded: [] };
  const sets: readonly DependencySet[] = module.dependencies.length === 0 ? [[]] : module.dependencies;
  return { ...module, name: `${module.name}${DEVEL}`, dependencies: sets.map((set) => [...set, own]) };
}

async function found(
  builds: readonly MbsBuild[],
  { dependencies, signal }: LookupOptions,
): Promise<{ readonly modules: readonly FoundModule[] } | { readonly failure: ComposeFailure }> {
  const read = dependencies
    ? await readModulemds(
        builds.map(({ modulemd }) => modulemd),
        signal,
      )
    : [];
  const modules: FoundModule[] = [];
  for (const [index, { name, stream, version, context, kojiTag, bounds }] of builds.entries()) {
    const result = read[index] ?? { dependencies: [] };
    const module = { name, stream, version, context, kojiTag, bounds };
    if ('problem' in result)
      return { failure: failure('INVALID_SOURCE', `The modulemd of ${formatNsvc(module)} in MBS ${result.problem}`) };
    modules.push({ ...module, dependencies: result.dependencies });
  }
  return { modules };
}
