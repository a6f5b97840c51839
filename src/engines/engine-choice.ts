// Chooses the engine of a compose: the configured one; with `auto` Pungi where it is installed, else dnf.

import type { Engine, EngineInfo } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ComposeResult, EngineName } from '../compose/vocabulary.ts';
import { additionsOf, SOURCE_ADDITIONS, type SourceAddition } from '../compose/sources/additions.ts';
import type { SourceType } from '../compose/sources/descriptors.ts';

type Preferred = 'auto' | 'pungi' | 'dnf';
/** For all source types, or by source type; `auto` by default. */
export type EnginePreference = Preferred | Readonly<Partial<Record<SourceType, Preferred>>>;

const PREFERRED = ['pungi', 'dnf'] as const;

/** Results that an engine supports. Pungi needs lorax for BOOT_ISO, and its usual tools for the others. */
const RESULTS: Record<EngineName, readonly ComposeResult[]> = {
  pungi: ['REPOSITORY', 'ISO', 'BOOT_ISO'],
  dnf: ['REPOSITORY'],
  repofile: ['REPOSITORY'],
};

export function preferredEngines(engines: readonly Engine[], preference: EnginePreference): readonly Engine[] {
  const ordered = PREFERRED.flatMap((name) => engines.filter((engine) => engine.name === name));
  if (typeof preference === 'object') return ordered.map((engine) => withPreference(engine, preference));
  return ordered.filter(({ name }) => preference === 'auto' || preference === name);
}

/** The engine without the source types that prefer another engine. */
function withPreference(engine: Engine, preference: Exclude<EnginePreference, string>): Engine {
  const { name, isLight } = engine;
  return {
    name,
    ...(isLight !== undefined && { isLight }),
    generate: (generation) => engine.generate(generation),
    async info() {
      const info = await engine.info();
      return {
        ...info,
        sourceTypes: info.sourceTypes.filter((type) => ['auto', name].includes(preference[type] ?? 'auto')),
      };
    },
  };
}

/** The first engine that is available on this machine and can generate the compose; null when there is none. */
export async function engineFor(compose: Compose, engines: readonly Engine[]): Promise<Engine | null> {
  for (const engine of engines) {
    const info = await engine.info();
    if (info.available && canGenerate(compose, info)) return engine;
  }
  return null;
}

/** Like `engineFor`, but for a machine without the engines' tools (an api process). */
export async function configuredEngineFor(compose: Compose, engines: readonly Engine[]): Promise<Engine | null> {
  for (const engine of engines) if (canGenerate(compose, await engine.info())) return engine;
  return null;
}

function canGenerate(
  { source, results }: Compose,
  { name, sourceTypes, unsupportedAdditions = [] }: EngineInfo,
): boolean {
  return (
    sourceTypes.includes(source.type) &&
    results.every((result) => RESULTS[name].includes(result)) &&
    !additionsOf(source).some((addition) => unsupportedAdditions.includes(addition))
  );
}

/** Source type → the additions that no engine for this source type supports. */
export function unsupportedAdditionsByType(
  infos: readonly EngineInfo[],
): ReadonlyMap<SourceType, readonly SourceAddition[]> {
  const types = new Set(infos.flatMap(({ sourceTypes }) => sourceTypes));
  return new Map(
    [...types].map((type) => [
      type,
      SOURCE_ADDITIONS.filter((addition) =>
        infos.every(
          ({ sourceTypes, unsupportedAdditions = [] }) =>
            !sourceTypes.includes(type) || unsupportedAdditions.includes(addition),
        ),
      ),
    ]),
  );
}

/** Supported source type → supported results. */
export function capabilities(infos: readonly EngineInfo[]): ReadonlyMap<SourceType, ReadonlySet<ComposeResult>> {
  const supported = new Map<SourceType, ReadonlySet<ComposeResult>>();
  for (const { name, sourceTypes } of infos) {
    for (const type of sourceTypes) supported.set(type, new Set([...(supported.get(type) ?? []), ...RESULTS[name]]));
  }
  return supported;
}
