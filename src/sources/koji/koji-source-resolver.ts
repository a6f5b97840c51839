// What the resolvers of tags, builds and modules have in common: they read lookaside repositories and module defaults
// beside Koji. The result is exact, so that a retry generates the same compose, whether the engine calls Koji itself (Pungi)
// or is given the packages (dnf).

import type { IdentifyResult, KojiEndpoint, ResolveContext, ResolveResult, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import type { RepositoryReader } from '../repo/repository-reader.ts';
import type {
  KojiLookup,
  KojiLookupAnswer,
  KojiLookupResult,
  KojiSelection,
  KojiSourceType,
  KojiUpstreams,
} from './koji-lookup.ts';
import { fetchDefaults, identifyDefaults, moduleDefaultsOf, type GitTools } from './module-defaults.ts';
import { openPackageSet, type PackageSetOptions } from './package-set.ts';

interface KojiSourceOptions extends KojiUpstreams {
  readonly endpoint: KojiEndpoint;
  /** Null if no MBS is configured. */
  readonly mbsUrl: string | null;
  readonly repositories: Pick<RepositoryReader, 'fingerprint' | 'open'>;
  readonly git: GitTools;
  /** Null if every engine calls Koji itself. */
  readonly packageSets: PackageSets | null;
}

interface PackageSets extends Omit<PackageSetOptions, 'hub'> {
  /** Whether the compose's engine is given the packages. */
  isFor(compose: Compose): Promise<boolean>;
}

export abstract class KojiSourceResolver<T extends KojiSourceType> implements SourceResolver {
  protected abstract readonly type: T;
  readonly #options: KojiSourceOptions;

  constructor(options: KojiSourceOptions) {
    this.#options = options;
  }

  /** Quick: does not check whether named packages exist. */
  protected abstract identifySource(lookup: KojiLookup<T>): Promise<KojiLookupAnswer>;
  protected abstract resolveSource(lookup: KojiLookup<T>): Promise<KojiLookupAnswer>;

  async identify(compose: Compose, signal: AbortSignal): Promise<IdentifyResult> {
    const found = await this.identifySource(this.#lookup(compose, signal));
    if ('failure' in found) return found;
    const lookasides = await this.#options.repositories.fingerprint(compose, null, signal);
    if ('failure' in lookasides) return lookasides;
    const wanted = moduleDefaultsOf(compose.source);
    const defaults = wanted && (await identifyDefaults(wanted, this.#options.git, signal));
    if (defaults && 'failure' in defaults) return defaults;
    return { fingerprint: this.#fingerprint(found.value, lookasides.value, defaults?.value ?? null) };
  }

  async resolve(compose: Compose, context: ResolveContext): Promise<ResolveResult> {
    const { endpoint, packageSets } = this.#options;
    const found = await this.resolveSource(this.#lookup(compose, context.signal));
    if ('failure' in found) return found;
    context.log(`${describe(found.value.selection)} from Koji (${endpoint.profile})\n`);
    return packageSets && (await packageSets.isFor(compose))
      ? this.#resolveToPackages(packageSets, compose, found.value, context)
      : this.#resolveToKoji(compose, found.value, context);
  }

  /** For an engine that calls Koji itself. */
  async #resolveToKoji(compose: Compose, found: KojiLookupResult, context: ResolveContext): Promise<ResolveResult> {
    const { repositories, git, endpoint, mbsUrl } = this.#options;
    const lookasides = await repositories.open(compose, null, context);
    if ('failure' in lookasides) return lookasides;
    const wanted = moduleDefaultsOf(found.source);
    const defaults = wanted && (await fetchDefaults(wanted, { path: git.path, run: context.run }, context));
    if (defaults && 'failure' in defaults) return defaults;
    const { commit = null, directory = null } = defaults?.value ?? {};
    return {
      input: {
        source: found.source,
        ...lookasides.value,
        fingerprint: this.#fingerprint(found, lookasides.value.fingerprint, commit),
        koji: { ...found.selection, endpoint, mbsUrl, moduleDefaults: directory },
      },
    };
  }

  /** For an engine that is given the packages. */
  async #resolveToPackages(
    packageSets: PackageSets,
    compose: Compose,
    found: KojiLookupResult,
    context: ResolveContext,
  ): Promise<ResolveResult> {
    const { hub } = this.#options;
    const opened = await openPackageSet({ ...packageSets, hub }, compose, found.selection, context);
    if ('failure' in opened) return opened;
    const fingerprint = this.#fingerprint(found, opened.value.fingerprint, null);
    return { input: { source: found.source, ...opened.value, fingerprint } };
  }

  #lookup(compose: Compose, signal: AbortSignal): KojiLookup<T> {
    return { compose, source: sourceOfType(compose, this.type), upstreams: this.#options, signal };
  }

  #fingerprint(
    { fingerprint }: KojiLookupResult,
    lookasides: readonly string[],
    defaultsCommit: string | null,
  ): readonly string[] {
    const defaults = defaultsCommit === null ? [] : [`defaults ${defaultsCommit}`];
    return [`koji ${this.#options.endpoint.profile}`, ...fingerprint, ...lookasides, ...defaults];
  }
}

function describe({ tag, event, builds, scratchBuildTasks, modules, scratchModules }: KojiSelection): string {
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
