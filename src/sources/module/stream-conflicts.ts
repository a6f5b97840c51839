// Two streams of one module cannot be enabled together, though a compose may hold both. Contexts of a module are alternatives
// and may need different streams; here only what excludes each other without doubt is found: what one build needs, by whatever
// way, in two streams.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { formatNsvc, nameStream } from '../../upstreams/mbs/nsvc.ts';
import type { FoundModule, ModuleMap } from './module-map.ts';

/** A build whose requirements, followed as far as they leave no choice, hold two streams of one name. */
export function conflictOfDependencies(map: ModuleMap): ComposeFailure | null {
  for (const root of map.all()) {
    const needed = new Map([[root.name, { stream: root.stream, by: root }]]);
    const queue: FoundModule[] = [root];
    for (let module = queue.shift(); module; module = queue.shift()) {
      for (const [name, stream] of inevitable(module)) {
        const known = needed.get(name);
        if (!known) {
          needed.set(name, { stream, by: module });
          const contexts = map.contexts(nameStream({ name, stream }));
          if (contexts.length === 1 && contexts[0]) queue.push(contexts[0]);
        } else if (known.stream !== stream) {
          return failure(
            'INVALID_SOURCE',
            `The module ${formatNsvc(root)} cannot be used: ${reason(root, name, known)} conflicts with ${name}:${stream}, which ${formatNsvc(module)} requires`,
          );
        }
      }
    }
  }
  return null;
}

function reason(root: FoundModule, name: string, known: { readonly stream: string; readonly by: FoundModule }): string {
  return known.by === root && name === root.name
    ? 'it'
    : `${name}:${known.stream}, which ${formatNsvc(known.by)} requires,`;
}

/** Requirements that leave no choice: one set of dependencies, one stream. */
function inevitable({ dependencies }: FoundModule): readonly (readonly [name: string, stream: string])[] {
  const [set] = dependencies;
  if (!set || dependencies.length > 1) return [];
  return set.flatMap(({ name, streams }) => (streams.length === 1 && streams[0] ? [[name, streams[0]] as const] : []));
}
