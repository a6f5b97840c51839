// Adds to a map of modules all that they require, directly or not. Each round looks up everything that the last round made
// necessary; requirements that any stream satisfies come last.

import type { ComposeFailure } from '../../compose/failure.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import type { BaseBounds } from '../../upstreams/mbs/base-module.ts';
import type { StreamChoice } from '../../upstreams/mbs/modulemd.ts';
import { formatNsvc, nameStream, parseModuleName } from '../../upstreams/mbs/nsvc.ts';
import { lookUpAll } from './look-up-all.ts';
import { lookUpModule, type LookupOptions, type LookupQuery } from './module-lookup.ts';
import type { FoundModule, ModuleMap } from './module-map.ts';

interface Requirement {
  readonly choice: StreamChoice;
  readonly by: FoundModule;
}

/** `start`: the modules of the map whose requirements are added. Null if all were found. Rejects after an abort. */
export async function addDependencies(
  map: ModuleMap,
  start: readonly FoundModule[],
  baseModules: readonly string[],
  options: LookupOptions,
): Promise<ComposeFailure | null> {
  /** Satisfied by any stream. */
  const open: Requirement[] = [];
  let fresh = start;
  while (fresh.length > 0) {
    const required = requirementsOf(fresh, baseModules);
    open.push(...required.filter(({ choice }) => choice.streams.length === 0));
    const named = await addNamedStreams(map, required, options);
    if ('failure' in named) return named.failure;
    fresh = named.value;
    // One at a time, because each may satisfy others.
    while (fresh.length === 0) {
      const next = takeUnsatisfied(open, map);
      if (!next) return null;
      const any = await addAnyStream(map, next, options);
      if ('failure' in any) return any.failure;
      fresh = any.value;
    }
  }
  return null;
}

function requirementsOf(modules: readonly FoundModule[], baseModules: readonly string[]): readonly Requirement[] {
  return modules.flatMap((by) =>
    by.dependencies.flat().flatMap((choice) => (baseModules.includes(choice.name) ? [] : [{ choice, by }])),
  );
}

async function addNamedStreams(
  map: ModuleMap,
  required: readonly Requirement[],
  options: LookupOptions,
): Promise<Answer<readonly FoundModule[]>> {
  const missing = missingStreams(map, required);
  const found = await lookUpAll(missing, ([key, { bounds }]) => lookUpModule(readyQuery(key, bounds), options));
  if ('failure' in found) return found;
  const added = map.add([...found.value.modules, ...found.value.others]);
  if ('failure' in added) return added;
  const unmet = required.find(
    ({ choice: { name, streams } }) =>
      streams.length > 0 && !streams.some((stream) => map.has(nameStream({ name, stream }))),
  );
  if (!unmet) return added;
  const { choice, by } = unmet;
  const names = choice.streams.map((stream) => nameStream({ name: choice.name, stream })).join(' or ');
  return invalidSource(`The module ${formatNsvc(by)} requires ${names}, which is not ready in MBS${forBase(by)}.`);
}

/** In a fixed order, each with the first module that requires it. */
function missingStreams(map: ModuleMap, required: readonly Requirement[]): readonly [string, FoundModule][] {
  const wanted = new Map<string, FoundModule>();
  const sorted = required.toSorted((left, right) => (formatNsvc(left.by) < formatNsvc(right.by) ? -1 : 1));
  for (const { choice, by } of sorted) {
    for (const stream of choice.streams) {
      const key = nameStream({ name: choice.name, stream });
      if (!map.has(key) && !wanted.has(key)) wanted.set(key, by);
    }
  }
  return [...wanted].sort(([left], [right]) => (left < right ? -1 : 1));
}

function readyQuery(key: string, within: BaseBounds | null): LookupQuery {
  // MBS has no module whose stream holds a colon, as a modulemd document may name it.
  const wanted = parseModuleName(key) ?? { name: key, stream: '', version: null, context: null };
  return { wanted, includeDone: false, baseModule: null, within };
}

function takeUnsatisfied(open: Requirement[], map: ModuleMap): Requirement | null {
  const unsatisfied = open.filter(
    ({ choice: { name, excluded } }) => !map.streamsOf(name).some((stream) => !excluded.includes(stream)),
  );
  open.length = 0;
  open.push(...unsatisfied.sort((left, right) => (left.choice.name < right.choice.name ? -1 : 1)));
  return open.shift() ?? null;
}

async function addAnyStream(
  map: ModuleMap,
  { choice: { name, excluded }, by }: Requirement,
  options: LookupOptions,
): Promise<Answer<readonly FoundModule[]>> {
  const wanted = { name, stream: null, excluded };
  const found = await lookUpModule({ wanted, includeDone: false, baseModule: null, within: by.bounds }, options);
  if ('failure' in found) return found;
  if (found.value.modules.length > 0) return map.add(found.value.modules);
  const except = excluded.length > 0 ? ` except ${excluded.join(', ')}` : '';
  return invalidSource(
    `The module ${formatNsvc(by)} requires ${name} in any stream${except}, and none is ready in MBS${forBase(by)}.`,
  );
}

function forBase({ bounds }: FoundModule): string {
  return bounds ? ` for ${bounds.name}:${bounds.stream}` : '';
}
