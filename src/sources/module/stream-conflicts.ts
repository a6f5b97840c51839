// Two streams of one module cannot be enabled together, though a compose may hold both. Contexts of a module are alternatives
// that may need different streams, so this finds only what is a conflict in any case: one build that requires two streams.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { formatNsvc, nameStream } from '../../upstreams/mbs/nsvc.ts';
import type { FoundModule, ModuleMap } from './module-map.ts';

/** The failure of a build whose requirements, followed as long as there is no choice, include two streams of one module. */
export function conflictOfDependencies(map: ModuleMap): ComposeFailure | null {
  for (const root of map.all()) {
    const needed = new Map([[root.name, { stream: root.stream, by: root }]]);
    const queue: FoundModule[] = [root];
    for (let module = queue.shift(); module; module = queue.shift()) {
      for (const [name, stream] of unconditionalRequirements(module)) {
        const known = needed.get(name);
        if (known && known.stream !== stream)
          return failure(
            'INVALID_SOURCE',
            `The module ${formatNsvc(root)} cannot be used: ${describe(root, name, known)} conflicts with ${name}:${stream}, which ${formatNsvc(module)} requires.`,
          );
        if (known) continue;
        needed.set(name, { stream, by: module });
        const [context, ...others] = map.contexts(nameStream({ name, stream }));
        if (context && others.length === 0) queue.push(context);
      }
    }
  }
  return null;
}

function describe(
  root: FoundModule,
  name: string,
  known: { readonly stream: string; readonly by: FoundModule },
): string {
  return known.by === root && name === root.name
    ? 'it'
    : `${name}:${known.stream}, which ${formatNsvc(known.by)} requires,`;
}

/** From a single set of dependencies, those with a single stream. */
function unconditionalRequirements({
  dependencies,
}: FoundModule): readonly (readonly [name: string, stream: string])[] {
  const [set] = dependencies;
  if (!set || dependencies.length > 1) return [];
  return set.flatMap(({ name, streams }) => (streams.length === 1 && streams[0] ? [[name, streams[0]] as const] : []));
}
