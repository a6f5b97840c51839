// The resolver of tags, builds and modules. Lookaside repositories and module defaults are looked at with them; what is
// found is exact, so that the same is generated whenever it is tried again.

import type { KojiPlace, ResolvedInput, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { Asked } from '../koji/koji-hub.ts';
import type { RepoSource } from '../repo/resolver.ts';
import { lookAtBuilds, resolveBuilds } from './build-source.ts';
import type { Finding, Found, Upstreams } from './looking.ts';
import { fetchDefaults, identifyDefaults, moduleDefaultsOf, type GitTools } from './module-defaults.ts';
import { resolveModuleSource } from './module-source.ts';
import { findTagRepository, type TagRepository } from './tag-repository.ts';
import { lookAtTag, resolveTag } from './tag-source.ts';

export interface KojiSourceOptions extends Upstreams {
  readonly place: KojiPlace;
  readonly mbsUrl: string | null;
  readonly repositories: Pick<RepoSource, 'look' | 'open'>;
  readonly git: GitTools;
  /** Where Koji's own repositories of tags are, and which composes are made of them. */
  readonly tagRepositories?: { readonly url: string; isFor(compose: Compose): Promise<boolean> };
}

type Context = Parameters<SourceResolver['resolve']>[1];
type Failed = { readonly failure: ComposeFailure };

export class KojiSource implements SourceResolver {
  readonly #options: KojiSourceOptions;

  constructor(options: KojiSourceOptions) {
    this.#options = options;
  }

  async identify(compose: Compose, signal: AbortSignal): ReturnType<SourceResolver['identify']> {
    const repository = await this.#tagRepository(compose, signal);
    if (repository) return 'failure' in repository ? repository : this.#options.repositories.look(compose, repository.value.location, signal);
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
    const repository = await this.#tagRepository(compose, context.signal);
    if (repository) return 'failure' in repository ? repository : this.#openTagRepository(compose, repository.value, context);
    const resolved = await this.#find(compose, 'resolve', context.signal);
    if ('failure' in resolved) return resolved;
    const { source, taken } = resolved.found;
    context.log(`${describe(resolved.found)} from Koji (${place.profile})\n`);
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
        koji: { ...taken, place, mbsUrl, moduleDefaults: defaults?.directory ?? null },
      },
    };
  }

  /** Null where the compose is made by Pungi, from Koji itself. */
  async #tagRepository(compose: Compose, signal: AbortSignal): Promise<Asked<TagRepository> | null> {
    const { tagRepositories: options } = this.#options;
    const { source } = compose;
    if (source.type !== 'TAG' || !options || !(await options.isFor(compose))) return null;
    return findTagRepository(options.url, { compose, source, upstreams: this.#options, signal });
  }

  async #openTagRepository(compose: Compose, { location, event }: TagRepository, context: Context): Promise<{ readonly input: ResolvedInput } | Failed> {
    const answer = await this.#options.repositories.open(compose, location, context);
    if ('failure' in answer || compose.source.type !== 'TAG') return 'failure' in answer ? answer : { failure: failure('INTERNAL', 'Only tags have repositories in Koji') };
    return { input: { ...answer.opened, source: { ...compose.source, kojiEvent: event } } };
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
      case 'REPO':
      case 'PULP':
      case 'RAW_CONFIG':
      case 'PUNGI_COMPOSE':
        return Promise.resolve({ failure: failure('INTERNAL', `A source of type ${source.type} is not resolved by Koji`) });
    }
  }

  #fingerprint({ fingerprint }: Found, lookasides: readonly string[], defaults: string | null): readonly string[] {
    return [`koji ${this.#options.place.profile}`, ...fingerprint, ...lookasides, ...(defaults === null ? [] : [`defaults ${defaults}`])];
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
  return [...(tag === null ? [] : [`Tag ${tag} at event ${event}`]), ...counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)].join(', ');
}
