// Which pool of workers a compose is for, by the first rule that fits; processes agree because they are configured alike.

import type { ComposeRequest } from './request.ts';
import type { ComposeType } from './vocabulary.ts';
import type { SourceType } from './sources/descriptors.ts';

/** What is left out fits everything; a compose fits `arches` when all of its arches are among them. */
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
  { source, arches: asked, composeType, targetDir }: Routable,
): boolean {
  return (
    (sourceTypes?.includes(source.type) ?? true) &&
    (!arches || asked.every((arch) => arches.includes(arch))) &&
    (composeTypes?.includes(composeType) ?? true) &&
    (targetDirs?.includes(targetDir) ?? true)
  );
}

/** Every pool that a rule names, and the one for what no rule fits. */
export function poolsOf(routes: readonly Route[]): readonly string[] {
  return [...new Set([DEFAULT_POOL, ...routes.map(({ pool }) => pool)])];
}
