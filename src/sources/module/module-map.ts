// The modules found so far, by name and stream: one version of each, in as many contexts as there are.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { BaseBounds } from '../../upstreams/mbs/built-on.ts';
import { formatNsvc, nameStream, type Nsvc } from '../../upstreams/mbs/nsvc.ts';
import type { DependencySet } from '../../upstreams/mbs/modulemd.ts';

export interface FoundModule extends Nsvc {
  readonly kojiTag: string | null;
  /** For what it requires; null where it is not known what it was built on. */
  readonly bounds: BaseBounds | null;
  /** Empty where dependencies are not asked for. */
  readonly dependencies: readonly DependencySet[];
}

/** A closure beyond this is a mistake of somebody's. */
const MAX_MODULES = 2_000;

export class ModuleMap {
  readonly #byStream = new Map<string, FoundModule[]>();
  #size = 0;

  /** What was not there before, or why both cannot be. */
  add(
    modules: readonly FoundModule[],
  ): { readonly added: readonly FoundModule[] } | { readonly failure: ComposeFailure } {
    const added: FoundModule[] = [];
    for (const module of modules) {
      const known = this.#byStream.get(nameStream(module)) ?? [];
      const [first] = known;
      if (first && first.version !== module.version) {
        return {
          failure: failure(
            'INVALID_SOURCE',
            `The module ${formatNsvc(module)} conflicts with ${formatNsvc(first)}: a compose has one version of a stream; name one of them only`,
          ),
        };
      }
      if (known.some(({ context }) => context === module.context)) continue;
      this.#byStream.set(nameStream(module), [...known, module]);
      added.push(module);
    }
    this.#size += added.length;
    return this.#size > MAX_MODULES
      ? { failure: failure('INVALID_SOURCE', `The modules asked for need more than ${MAX_MODULES} modules`) }
      : { added };
  }

  has(key: string): boolean {
    return this.#byStream.has(key);
  }

  /** Contexts of one name:stream. */
  contexts(key: string): readonly FoundModule[] {
    return this.#byStream.get(key) ?? [];
  }

  streamsOf(name: string): readonly string[] {
    return [...this.#byStream.values()].flatMap(([first]) => (first?.name === name ? [first.stream] : []));
  }

  all(): readonly FoundModule[] {
    return [...this.#byStream.values()].flat();
  }
}
