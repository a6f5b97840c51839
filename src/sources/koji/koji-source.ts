// The resolver of tags, builds and modules. Lookaside repositories and module defaults are looked at with them; what is
// found is exact, so that the same is generated whenever it is tried again, by an engine that asks Koji itself or by one
// that is given the packages.

import type { KojiEndpoint, ResolvedInput, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { RepoSource } from '../repo/repo-source.ts';
import { lookAtBuilds, resolveBuilds } from '../build/build-source.ts';
import type { Finding, Found, Upstreams } from './tag-lookup.ts';
import { fetchDefaults, identifyDefaults, moduleDefaultsOf, type GitTools } from './module-defaults.ts';
import { resolveModuleSource } from '../module/module-source.ts';
import { openPackageSet, type PackageSetOptions } from './package-set.ts';
import { lookAtTag, resolveTag } from '../tag/tag-source.ts';

export interface KojiSourceOptions extends Upstreams {
  readonly place: KojiEndpoint;
  readonly mbsUrl: string | null;
  readonly repositories: Pick<RepoSource, 'look' | 'open'>;
  readonly git: GitTools;
  /** For composes that an engine makes which does not ask Koji itself. */
  readonly packageSets?: Pick<PackageSetOptions, 'files' | 'repoUrl' | 'repositories'> & {
    isFor(compose: Compose): Promise<boolean>;
  };
}

type Context = Parameters<SourceResolver['resolve']>[1];
type Failed = { readonly failure: ComposeFailure };

export class KojiSource implements SourceResolver {
  readonly #options: KojiSourceOptions;

  constructor(options: KojiSourceOptions) {
    this.#options = options;
  }

  /** The same for an engine that asks Koji itself, whatever the source. */
  get forPungi(): KojiSource {
    const { packageSets: _, ...others } = this.#options;
    return new KojiSource(others);
  }

  async identify(compose: Compose, signal: AbortSignal): ReturnType<SourceResolver['identify']> {
    const looked = await this.#find(compose, 'look', signal);
    if ('failure' in looked) return looked;
    const lookasides = await this.#options.repositories.look(compose, null, signal);
    if ('failure' in lookasides) return lookasides;
    const defaults = moduleDefaultsOf(compose.source);
    const pinned = defaults && (await identifyDefaults(defaults, this.#options.git, signal));
    if (pinned && 'failure' in pinned) return pinned;
    return { fingerprint: this.#fingerprint(looked.found, lookasides.fingerprint, pinned?.commit ?? null) };
  }

  async resolve(compose: Compose, context: Context): Promise<{ readonly input: ResolvedInput } | Failed> {
    const { repositories, git, place, mbsUrl } = this.#options;
    const resolved = await this.#find(compose, 'resolve', context.signal);
    if ('failure' in resolved) return resolved;
    const { source, taken } = resolved.found;
    context.log(`${describe(resolved.found)} from Koji (${place.profile})\n`);
    if (await this.#options.packageSets?.isFor(compose)) return this.#openPackages(compose, resolved.found, context);
    const lookasides = await repositories.open(compose, null, context);
    if ('failure' in lookasides) return lookasides;
    const asked = moduleDefaultsOf(source);
    const defaults = asked && (await fetchDefaults(asked, { path: git.path, run: context.run }, context));
    if (defaults && 'failure' in defaults) return defaults;
    return {
      input: {
        source,
        ...lookasides.opened,
        fingerprint: this.#fingerprint(resolved.found, lookasides.opened.fingerprint, defaults?.commit ?? null),
        koji: { ...taken, endpoint: place, mbsUrl, moduleDefaults: defaults?.directory ?? null },
      },
    };
  }

  async #openPackages(
    compose: Compose,
    found: Found,
    context: Context,
  ): Promise<{ readonly input: ResolvedInput } | Failed> {
    const { packageSets, hub } = this.#options;
    if (!packageSets) throw new Error('no package sets are configured');
    const set = await openPackageSet({ ...packageSets, hub }, compose, found.taken, context);
    if ('failure' in set) return set;
    return {
      input: {
        source: found.source,
        ...set.opened,
        fingerprint: this.#fingerprint(found, set.opened.fingerprint, null),
      },
    };
  }

  #find(compose: Compose, how: 'look' | 'resolve', signal: AbortSignal): Promise<Finding> {
    const { source } = compose;
    const upstreams = this.#options;
    switch (source.type) {
      case 'TAG':
        return (how === 'look' ? lookAtTag : resolveTag)({ compose, source, upstreams, signal });
      case 'BUILD':
        return (how === 'look' ? lookAtBuilds : resolveBuilds)({ compose, source, upstreams, signal });
      case 'MODULE':
        return resolveModuleSource({ compose, source, upstreams, signal });
      default:
        throw new Error(`Koji resolves no source of type ${source.type}`);
    }
  }

  #fingerprint({ fingerprint }: Found, lookasides: readonly string[], defaults: string | null): readonly string[] {
    return [
      `koji ${this.#options.place.profile}`,
      ...fingerprint,
      ...lookasides,
      ...(defaults === null ? [] : [`defaults ${defaults}`]),
    ];
  }
}

function describe({ taken }: Found): string {
  const { tag, event, builds, scratchBuildTasks, modules, scratchModules } = taken;
  const counts = [
    [builds.length, 'builds'],
    [scratchBuildTasks.length, 'scratch builds'],
    [modules.length, 'modules'],
    [scratchModules.length, 'scratch modules'],
  ] as const;
  return [
    ...(tag === null ? [] : [`Tag ${tag} at event ${event}`]),
    ...counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`),
  ].join(', ');
}
