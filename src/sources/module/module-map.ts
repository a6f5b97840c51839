// The modules that were found, by name and stream: one version of each, in all its contexts.

import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import type { BaseBounds } from '../../upstreams/mbs/base-module.ts';
import type { DependencySet } from '../../upstreams/mbs/modulemd.ts';
import { formatNsvc, nameStream, type Nsvc } from '../../upstreams/mbs/nsvc.ts';

export interface FoundModule extends Nsvc {
  readonly kojiTag: string | null;
  /** Of the base module for its dependencies; null if its base module is unknown. */
  readonly bounds: BaseBounds | null;
  /** Empty if dependencies are not read. */
  readonly dependencies: readonly DependencySet[];
}

/** More than any real compose needs. */
const MAX_MODULES = 2_000;

export class ModuleMap {
  readonly #byStream = new Map<string, FoundModule[]>();
  #size = 0;

  /** The modules that are new; a failure if two versions of a stream conflict. */
  add(modules: readonly FoundModule[]): Answer<readonly FoundModule[]> {
    const added: FoundModule[] = [];
    for (const module of modules) {
      const known = this.#byStream.get(nameStream(module)) ?? [];
      const [first] = known;
      if (first && first.version !== module.version)
        return invalidSource(
          `The module ${formatNsvc(module)} conflicts with ${formatNsvc(first)}: a compose has one version of a stream. Name only one of them.`,
        );
      if (known.some(({ context }) => context === module.context)) continue;
      this.#byStream.set(nameStream(module), [...known, module]);
      added.push(module);
    }
    this.#size += added.length;
    return this.#size > MAX_MODULES
      ? invalidSource(`The named modules require more than ${MAX_MODULES} modules. Name fewer of them.`)
      : { value: added };
  }

  /** `key`: name:stream. */
  has(key: string): boolean {
    return this.#byStream.has(key);
  }

  /** The contexts of a name:stream. */
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
