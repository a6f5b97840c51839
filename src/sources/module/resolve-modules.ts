// Modules as a request names them → the builds that a compose has: the latest version of each in all its contexts, and
// what these require, and so on. Base modules (platform) are what composes are used on, not in. The same answers of MBS
// give the same builds, whatever order they come in.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { BaseBounds } from '../../upstreams/mbs/built-on.ts';
import { lookUpModule, type LookupOptions, type LookupQuery, type LookupResult } from './module-lookup.ts';
import { ModuleMap, type FoundModule } from './module-map.ts';
import type { StreamChoice } from '../../upstreams/mbs/modulemd.ts';
import { formatNsvc, nameStream, parseModuleName, type ModuleName, type Nsvc } from '../../upstreams/mbs/nsvc.ts';
import { conflictOfDependencies } from './stream-conflicts.ts';
import type { BaseModule } from '../../compose/sources/module.ts';

export const BASE_MODULES: readonly string[] = ['platform', 'bootstrap'];

export interface ModulesWanted {
  /** name:stream[:version[:context]] */
  readonly modules: readonly string[];
  /** Bounds what the modules asked for were built on; what these were built on bounds their dependencies. */
  readonly baseModule: BaseModule | null;
  /** INCLUDE_DONE_MODULES */
  readonly includeDone: boolean;
  /** False for NO_DEPS. */
  readonly dependencies: boolean;
}

export interface ModuleSourceOptions extends Omit<LookupOptions, 'dependencies' | 'signal'> {
  readonly baseModules?: readonly string[];
  /** Koji tags that are looked into in place of MBS, by name. */
  readonly tags?: string;
}

export interface ResolvedModule extends Nsvc {
  readonly kojiTag: string | null;
}

const AT_A_TIME = 4;

type Failed = { readonly failure: ComposeFailure };

/** Ordered by name, stream, version and context. Rejects after an abort. */
export async function resolveModules(
  wanted: ModulesWanted,
  options: ModuleSourceOptions,
  signal: AbortSignal,
): Promise<{ readonly modules: readonly ResolvedModule[] } | Failed> {
  const lookup = { ...options, dependencies: wanted.dependencies, signal };
  const names: ModuleName[] = [];
  for (const text of new Set(wanted.modules)) {
    const name = parseModuleName(text);
    if (!name)
      return invalid(
        `${text} does not name a module; give name:stream, name:stream:version or name:stream:version:context`,
      );
    names.push(name);
  }
  const map = new ModuleMap();
  const asked = await lookUpAsked(names, wanted, lookup, options.tags ?? null);
  if ('failure' in asked) return asked;
  const added = map.add([...asked.modules, ...asked.others]);
  if ('failure' in added) return added;
  if (wanted.dependencies) {
    const problem =
      (await addDependencies(map, added.added, options.baseModules ?? BASE_MODULES, lookup)) ??
      conflictOfDependencies(map);
    if (problem) return { failure: problem };
  }
  const modules = map.all().filter(({ name }) => !(options.baseModules ?? BASE_MODULES).includes(name));
  const sorted = modules.map(({ name, stream, version, context, kojiTag }) => ({
    name,
    stream,
    version,
    context,
    kojiTag,
  }));
  return { modules: sorted.sort((left, right) => (formatNsvc(left) < formatNsvc(right) ? -1 : 1)) };
}

function invalid(message: string): Failed {
  return { failure: failure('INVALID_SOURCE', message) };
}

async function lookUpAsked(
  names: readonly ModuleName[],
  wanted: ModulesWanted,
  options: LookupOptions,
  tags: string | null,
): Promise<LookupResult> {
  const results = await inTurns(names, async (name) => {
    // Who names all four parts means this build, and may know that it is not ready.
    const includeDone = wanted.includeDone || name.context !== null;
    const result = await lookUpModule(
      { wanted: name, includeDone, baseModule: wanted.baseModule, within: null },
      options,
    );
    return 'failure' in result || result.modules.length > 0
      ? result
      : invalid(notFound(formatNsvc(name), includeDone, wanted.baseModule, tags));
  });
  return merged(results, options.dependencies);
}

/** A few at a time: each may read its answers in a thread. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_A_TIME)
    results.push(...(await Promise.all(items.slice(start, start + AT_A_TIME).map(work))));
  return results;
}

function merged(results: readonly LookupResult[], withOthers: boolean): LookupResult {
  const modules: FoundModule[] = [];
  const others: FoundModule[] = [];
  for (const result of results) {
    if ('failure' in result) return result;
    modules.push(...result.modules);
    if (withOthers) others.push(...result.others);
  }
  return { modules, others };
}

function notFound(module: string, includeDone: boolean, baseModule: BaseModule | null, tags: string | null): string {
  if (tags !== null) return `There is no module ${module} tagged in ${tags} in Koji; check its name, or have it tagged`;
  const states = includeDone ? 'ready or done' : 'ready';
  const bounds = baseModule
    ? `, built on ${baseModule.name}${baseModule.stream === null ? '' : `:${baseModule.stream}`} as the request bounds it`
    : '';
  return `There is no module ${module} in MBS that is ${states}${bounds}; check its name${includeDone ? '' : ', or ask with INCLUDE_DONE_MODULES'}`;
}

/** Null where all that is required was found. Each round looks up at once all that the last one made necessary. */
async function addDependencies(
  map: ModuleMap,
  start: readonly FoundModule[],
  baseModules: readonly string[],
  options: LookupOptions,
): Promise<ComposeFailure | null> {
  const open: Requirement[] = [];
  let fresh = start;
  while (fresh.length > 0) {
    const required = requirementsOf(fresh, baseModules);
    open.push(...required.filter(({ choice }) => choice.streams.length === 0));
    const named = await addNamed(map, required, options);
    if ('failure' in named) return named.failure;
    fresh = named.added;
    // Any stream will do, so what is there anyway will: those come last, one at a time.
    while (fresh.length === 0) {
      const next = takeUnsatisfied(open, map);
      if (!next) return null;
      const any = await addAny(map, next, options);
      if ('failure' in any) return any.failure;
      fresh = any.added;
    }
  }
  return null;
}

interface Requirement {
  readonly choice: StreamChoice;
  readonly by: FoundModule;
}

function requirementsOf(modules: readonly FoundModule[], baseModules: readonly string[]): readonly Requirement[] {
  return modules.flatMap((by) =>
    by.dependencies.flat().flatMap((choice) => (baseModules.includes(choice.name) ? [] : [{ choice, by }])),
  );
}

async function addNamed(
  map: ModuleMap,
  required: readonly Requirement[],
  options: LookupOptions,
): Promise<ReturnType<ModuleMap['add']>> {
  const wanted = new Map<string, FoundModule>();
  for (const { choice, by } of required.toSorted((left, right) =>
    formatNsvc(left.by) < formatNsvc(right.by) ? -1 : 1,
  )) {
    for (const stream of choice.streams) {
      const key = nameStream({ name: choice.name, stream });
      if (!map.has(key) && !wanted.has(key)) wanted.set(key, by);
    }
  }
  const missing = [...wanted].sort(([left], [right]) => (left < right ? -1 : 1));
  const results = await inTurns(missing, async ([key, { bounds }]) => await lookUpModule(ready(key, bounds), options));
  const result = merged(results, true);
  if ('failure' in result) return result;
  const added = map.add([...result.modules, ...result.others]);
  if ('failure' in added) return added;
  const unmet = required.find(
    ({ choice: { name, streams } }) =>
      streams.length > 0 && !streams.some((stream) => map.has(nameStream({ name, stream }))),
  );
  return unmet
    ? invalid(
        `The module ${formatNsvc(unmet.by)} requires ${unmet.choice.streams.map((stream) => nameStream({ name: unmet.choice.name, stream })).join(' or ')}, which is not ready in MBS${forBase(unmet.by)}`,
      )
    : added;
}

function ready(key: string, within: BaseBounds | null): LookupQuery {
  const wanted = parseModuleName(key);
  // A stream of a modulemd document that holds a colon: MBS has no such module.
  return {
    wanted: wanted ?? { name: key, stream: '', version: null, context: null },
    includeDone: false,
    baseModule: null,
    within,
  };
}

function forBase({ bounds }: FoundModule): string {
  return bounds ? ` for ${bounds.name}:${bounds.stream}` : '';
}

function takeUnsatisfied(open: Requirement[], map: ModuleMap): Requirement | null {
  const unsatisfied = open.filter(
    ({ choice: { name, excluded } }) => !map.streamsOf(name).some((stream) => !excluded.includes(stream)),
  );
  open.length = 0;
  open.push(...unsatisfied.sort((left, right) => (left.choice.name < right.choice.name ? -1 : 1)));
  return open.shift() ?? null;
}

async function addAny(
  map: ModuleMap,
  { choice: { name, excluded }, by }: Requirement,
  options: LookupOptions,
): Promise<ReturnType<ModuleMap['add']>> {
  const result = await lookUpModule(
    { wanted: { name, stream: null, excluded }, includeDone: false, baseModule: null, within: by.bounds },
    options,
  );
  if ('failure' in result) return result;
  if (result.modules.length > 0) return map.add(result.modules);
  return invalid(
    `The module ${formatNsvc(by)} requires ${name} in any stream${excluded.length > 0 ? ` but ${excluded.join(', ')}` : ''}, and none is ready in MBS${forBase(by)}`,
  );
}
