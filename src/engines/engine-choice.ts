// Which engine generates a compose: the one that is configured, or with `auto` Pungi where it is found, else dnf.

import type { Engine, EngineInfo } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ComposeResult, EngineName } from '../compose/vocabulary.ts';
import { additionsOf, SOURCE_ADDITIONS, type SourceAddition } from '../compose/sources/additions.ts';
import type { SourceType } from '../compose/sources/descriptors.ts';

type Preferred = 'auto' | 'pungi' | 'dnf';
/** For all source types, or for each; auto where nothing is said. */
export type EnginePreference = Preferred | Readonly<Partial<Record<SourceType, Preferred>>>;

const PREFERRED = ['pungi', 'dnf'] as const;

/** What an engine makes; Pungi needs no more than its usual tools for an ISO, and lorax for a boot.iso. */
const RESULTS: Record<EngineName, readonly ComposeResult[]> = {
  pungi: ['REPOSITORY', 'ISO', 'BOOT_ISO'],
  dnf: ['REPOSITORY'],
  repofile: ['REPOSITORY'],
};

export function preferredEngines(engines: readonly Engine[], preference: EnginePreference): readonly Engine[] {
  const ordered = PREFERRED.flatMap((name) => engines.filter((engine) => engine.name === name));
  if (typeof preference === 'object') return ordered.map((engine) => engineOf(engine, preference));
  return ordered.filter(({ name }) => preference === 'auto' || preference === name);
}

/** The engine for the source types that are not another's. */
function engineOf(engine: Engine, preference: Exclude<EnginePreference, string>): Engine {
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

/** The first that can do all of the compose and is found on this machine; null where there is none. */
export async function engineFor(compose: Compose, engines: readonly Engine[]): Promise<Engine | null> {
  for (const engine of engines) {
    const info = await engine.info();
    if (info.available && canGenerate(compose, info)) return engine;
  }
  return null;
}

/** As `engineFor`, on a machine that has no engines itself: the first that is configured for such a compose. */
export async function configuredEngineFor(compose: Compose, engines: readonly Engine[]): Promise<Engine | null> {
  for (const engine of engines) if (canGenerate(compose, await engine.info())) return engine;
  return null;
}

function canGenerate({ source, results }: Compose, { name, sourceTypes, impossible = [] }: EngineInfo): boolean {
  return (
    sourceTypes.includes(source.type) &&
    results.every((result) => RESULTS[name].includes(result)) &&
    !additionsOf(source).some((addition) => impossible.includes(addition))
  );
}

/** By source type that some engine can do, what none of those can take with it. */
export function impossibleAdditions(infos: readonly EngineInfo[]): ReadonlyMap<SourceType, readonly SourceAddition[]> {
  const types = new Set(infos.flatMap(({ sourceTypes }) => sourceTypes));
  return new Map(
    [...types].map((type) => [
      type,
      SOURCE_ADDITIONS.filter((addition) =>
        infos.every(({ sourceTypes, impossible = [] }) => !sourceTypes.includes(type) || impossible.includes(addition)),
      ),
    ]),
  );
}

/** Source types that some engine can do, each with the results that it gives. */
export function capabilities(infos: readonly EngineInfo[]): ReadonlyMap<SourceType, ReadonlySet<ComposeResult>> {
  const able = new Map<SourceType, ReadonlySet<ComposeResult>>();
  for (const { name, sourceTypes } of infos) {
    for (const type of sourceTypes) able.set(type, new Set([...(able.get(type) ?? []), ...RESULTS[name]]));
  }
  return able;
}
