// Resolves the modules that a request names to builds: the latest version of each in all its contexts, and what these
// require. Base modules (platform) are used with a compose, but are not in it. The order of MBS's answers does not matter.

import type { BaseModule } from '../../compose/sources/module.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { formatNsvc, parseModuleName, type ModuleName, type Nsvc } from '../../upstreams/mbs/nsvc.ts';
import { lookUpAll } from './look-up-all.ts';
import { addDependencies } from './module-dependencies.ts';
import { lookUpModule, type FoundModules, type LookupOptions } from './module-lookup.ts';
import { ModuleMap } from './module-map.ts';
import { conflictOfDependencies } from './stream-conflicts.ts';

const BASE_MODULES: readonly string[] = ['platform', 'bootstrap'];

export interface ModulesWanted {
  /** name:stream[:version[:context]] */
  readonly modules: readonly string[];
  /** Bounds the base module of the named modules. What each of them was built on bounds its dependencies. */
  readonly baseModule: BaseModule | null;
  /** INCLUDE_DONE_MODULES */
  readonly includeDone: boolean;
  /** False for NO_DEPS. */
  readonly dependencies: boolean;
}

export interface ResolveModulesOptions extends Omit<LookupOptions, 'dependencies' | 'signal'> {
  readonly baseModules?: readonly string[];
  /** Koji tags that are searched in place of MBS; for messages. */
  readonly tags?: string;
}

interface ResolvedModule extends Nsvc {
  readonly kojiTag: string | null;
}

/** Ordered by name, stream, version and context. Rejects after an abort. */
export async function resolveModules(
  wanted: ModulesWanted,
  options: ResolveModulesOptions,
  signal: AbortSignal,
): Promise<Answer<readonly ResolvedModule[]>> {
  const { baseModules = BASE_MODULES, tags = null } = options;
  const lookup = { ...options, dependencies: wanted.dependencies, signal };
  const names = parseNames(wanted.modules);
  if ('failure' in names) return names;
  const named = await lookUpAll(names.value, (name) => lookUpNamed(name, wanted, lookup, tags));
  if ('failure' in named) return named;
  const { modules, others } = named.value;
  const map = new ModuleMap();
  const added = map.add(wanted.dependencies ? [...modules, ...others] : modules);
  if ('failure' in added) return added;
  if (wanted.dependencies) {
    const problem = (await addDependencies(map, added.value, baseModules, lookup)) ?? conflictOfDependencies(map);
    if (problem) return { failure: problem };
  }
  const resolved = map
    .all()
    .filter(({ name }) => !baseModules.includes(name))
    .map(({ name, stream, version, context, kojiTag }) => ({ name, stream, version, context, kojiTag }));
  return { value: resolved.sort((left, right) => (formatNsvc(left) < formatNsvc(right) ? -1 : 1)) };
}

function parseNames(texts: readonly string[]): Answer<readonly ModuleName[]> {
  const names: ModuleName[] = [];
  for (const text of new Set(texts)) {
    const name = parseModuleName(text);
    if (!name)
      return invalidSource(
        `${text} does not name a module. Give name:stream, name:stream:version or name:stream:version:context.`,
      );
    names.push(name);
  }
  return { value: names };
}

async function lookUpNamed(
  name: ModuleName,
  wanted: ModulesWanted,
  options: LookupOptions,
  tags: string | null,
): Promise<Answer<FoundModules>> {
  // All four parts name one build, which may be one that is not ready.
  const includeDone = wanted.includeDone || name.context !== null;
  const { baseModule } = wanted;
  const found = await lookUpModule({ wanted: name, includeDone, baseModule, within: null }, options);
  return 'failure' in found || found.value.modules.length > 0
    ? found
    : invalidSource(notFound(formatNsvc(name), includeDone, baseModule, tags));
}

function notFound(module: string, includeDone: boolean, baseModule: BaseModule | null, tags: string | null): string {
  if (tags !== null)
    return `There is no module ${module} tagged in ${tags} in Koji. Check its name, or have it tagged.`;
  const states = includeDone ? 'ready or done' : 'ready';
  const stream = baseModule?.stream == null ? '' : `:${baseModule.stream}`;
  const bounds = baseModule ? `, built on ${baseModule.name}${stream} within the bounds of the request` : '';
  const advice = includeDone ? '' : ', or use the flag INCLUDE_DONE_MODULES';
  return `There is no module ${module} in MBS that is ${states}${bounds}. Check its name${advice}.`;
}
