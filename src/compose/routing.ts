// Which pool of workers takes a compose: the first rule that fits decides. All processes must have the same rules.

import type { ComposeRequest } from './request.ts';
import type { ComposeType } from './vocabulary.ts';
import type { SourceType } from './sources/descriptors.ts';

/** A rule. A list that is left out fits every compose; `arches` fits if it has all arches of the compose. */
export interface Route {
  readonly pool: string;
  readonly sourceTypes?: readonly SourceType[] | undefined;
  readonly arches?: readonly string[] | undefined;
  readonly composeTypes?: readonly ComposeType[] | undefined;
  readonly targetDirs?: readonly string[] | undefined;
}

export type Routable = Pick<ComposeRequest, 'arches' | 'composeType' | 'targetDir'> & {
  readonly source: Pick<ComposeRequest['source'], 'type'>;
};

export const DEFAULT_POOL = 'default';

export function poolOf(routes: readonly Route[], compose: Routable): string {
  return routes.find((route) => fits(route, compose))?.pool ?? DEFAULT_POOL;
}

function fits(
  { sourceTypes, arches, composeTypes, targetDirs }: Route,
  { source, arches: requested, composeType, targetDir }: Routable,
): boolean {
  return (
    (sourceTypes?.includes(source.type) ?? true) &&
    (!arches || requested.every((arch) => arches.includes(arch))) &&
    (composeTypes?.includes(composeType) ?? true) &&
    (targetDirs?.includes(targetDir) ?? true)
  );
}

/** The pools that the rules name, and the pool of composes that no rule fits. */
export function poolsOf(routes: readonly Route[]): readonly string[] {
  return [...new Set([DEFAULT_POOL, ...routes.map(({ pool }) => pool)])];
}
