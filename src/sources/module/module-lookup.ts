// Looks up one module in MBS. A name that ends in -devel is looked up in Koji, which alone has such modules; MBS then has the
// module that it belongs to.

import type { BaseModule } from '../../compose/sources/module.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import type { BaseBounds } from '../../upstreams/mbs/base-module.ts';
import type { MbsBuild, MbsClient } from '../../upstreams/mbs/mbs-client.ts';
import type { DependencySet } from '../../upstreams/mbs/modulemd.ts';
import { formatNsvc, type ModuleName, type Nsvc } from '../../upstreams/mbs/nsvc.ts';
import { readModulemds } from '../../upstreams/mbs/read-modulemds.ts';
import type { FoundModule } from './module-map.ts';

/** The modules that Koji has as builds. */
type FindInKoji = (modules: readonly Nsvc[], signal: AbortSignal) => Promise<Answer<readonly Nsvc[]>>;

export interface LookupOptions {
  readonly mbs: Pick<MbsClient, 'latest'>;
  /** Null: without Koji, a -devel module is assumed to exist with its module. */
  readonly findInKoji: FindInKoji | null;
  /** False: no modulemd is read. */
  readonly dependencies: boolean;
  readonly signal: AbortSignal;
}

export interface LookupQuery {
  readonly wanted: Parameters<MbsClient['latest']>[0]['wanted'];
  readonly includeDone: boolean;
  readonly baseModule: BaseModule | null;
  readonly within: BaseBounds | null;
}

export interface FoundModules {
  /** Empty if there is none. */
  readonly modules: readonly FoundModule[];
  /** Modules that come with them: the module that a -devel module belongs to. */
  readonly others: readonly FoundModule[];
}

const DEVEL = '-devel';

/** Rejects after an abort. */
export async function lookUpModule(query: LookupQuery, options: LookupOptions): Promise<Answer<FoundModules>> {
  const { mbs, signal } = options;
  const builds = await mbs.latest({ ...query, signal });
  if ('failure' in builds) return builds;
  const { wanted } = query;
  if (builds.value.length === 0 && wanted.stream !== null && wanted.name.endsWith(DEVEL) && wanted.name !== DEVEL)
    return await lookUpDevel({ ...query, wanted }, options);
  const modules = await readBuilds(builds.value, options);
  return 'failure' in modules ? modules : { value: { modules: modules.value, others: [] } };
}

async function lookUpDevel(
  query: LookupQuery & { readonly wanted: ModuleName },
  options: LookupOptions,
): Promise<Answer<FoundModules>> {
  const { mbs, findInKoji, signal } = options;
  const wanted = { ...query.wanted, name: query.wanted.name.slice(0, -DEVEL.length) };
  const builds = await mbs.latest({ ...query, wanted, signal });
  if ('failure' in builds) return builds;
  const read = await readBuilds(builds.value, options);
  if ('failure' in read) return read;
  const others = read.value;
  const devel = others.map((module) => develOf(module));
  if (devel.length === 0 || findInKoji === null) return { value: { modules: devel, others } };
  const inKoji = await findInKoji(devel, signal);
  if ('failure' in inKoji) return inKoji;
  const existing = new Set(inKoji.value.map(formatNsvc));
  return { value: { modules: devel.filter((module) => existing.has(formatNsvc(module))), others } };
}

/** A -devel module always requires its module. */
function develOf(module: FoundModule): FoundModule {
  const own = { name: module.name, streams: [module.stream], excluded: [] };
  const sets: readonly DependencySet[] = module.dependencies.length === 0 ? [[]] : module.dependencies;
  return { ...module, name: `${module.name}${DEVEL}`, dependencies: sets.map((set) => [...set, own]) };
}

async function readBuilds(
  builds: readonly MbsBuild[],
  { dependencies, signal }: LookupOptions,
): Promise<Answer<readonly FoundModule[]>> {
  const texts = dependencies ? builds.map(({ modulemd }) => modulemd) : [];
  const read = await readModulemds(texts, signal);
  const modules: FoundModule[] = [];
  for (const [index, { name, stream, version, context, kojiTag, bounds }] of builds.entries()) {
    const result = read[index] ?? { dependencies: [] };
    const module = { name, stream, version, context, kojiTag, bounds };
    if ('problem' in result)
      return invalidSource(`The modulemd document of ${formatNsvc(module)} in MBS ${result.problem}.`);
    modules.push({ ...module, dependencies: result.dependencies });
  }
  return { value: modules };
}
