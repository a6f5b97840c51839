// The source resolvers and the engines that the configuration allows, on the clients of other services.

import type {
  ComposeTracking,
  Engine,
  KojiEndpoint,
  KojiEventStore,
  Logger,
  PackageForecast,
  ProcessRunner,
  Results,
  SourceResolver,
} from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { SourceType } from '../compose/sources/descriptors.ts';
import { wordsOf } from '../compose/vocabulary.ts';
import type { Config } from '../config/config.ts';
import type { KojiSettings } from '../config/koji.ts';
import { createDnfEngine } from '../engines/dnf/dnf-engine.ts';
import { packageForecast } from '../engines/dnf/forecast.ts';
import { engineFor, preferredEngines } from '../engines/engine-choice.ts';
import { createPungiEngine } from '../engines/pungi/pungi-engine.ts';
import { createRepofileEngine } from '../engines/repofile/repofile-engine.ts';
import { runProcess } from '../engines/supervisor/run-process.ts';
import { repoFileText, variantUrl } from '../results/repo-file.ts';
import { BuildSourceResolver } from '../sources/build/build-source-resolver.ts';
import { resolverByType, type ResolversByType } from '../sources/by-type.ts';
import { KojiPackageReader } from '../sources/koji/koji-package-reader.ts';
import { ModuleSourceResolver } from '../sources/module/module-source-resolver.ts';
import { PulpSourceResolver } from '../sources/pulp/pulp-source-resolver.ts';
import { PungiComposeSourceResolver } from '../sources/pungi-compose/pungi-compose-source-resolver.ts';
import { RawConfigSourceResolver } from '../sources/raw-config/raw-config-source-resolver.ts';
import { PackageFiles } from '../sources/repo/package-files.ts';
import { RepoSourceResolver } from '../sources/repo/repo-source-resolver.ts';
import { RepositoryReader } from '../sources/repo/repository-reader.ts';
import { TagSourceResolver } from '../sources/tag/tag-source-resolver.ts';
import { wireUpstreams, type Upstreams } from './wire-upstreams.ts';

export interface Sources {
  readonly resolver: SourceResolver;
  readonly engines: readonly Engine[];
  /** Null: this service makes the Pungi ids of its composes. */
  readonly tracking: ComposeTracking | null;
  /** Predicts the packages of a compose. */
  readonly forecast: PackageForecast;
  /** Runs programs outside of an attempt. */
  readonly run: ProcessRunner;
  /** Closes the connections to other services. */
  stop(): Promise<void>;
}

/** What several resolvers and engines need. */
interface Parts {
  readonly config: Config;
  readonly upstreams: Upstreams;
  readonly reader: RepositoryReader;
  readonly files: PackageFiles;
  readonly kojiPackages: KojiPackageReader | null;
  readonly publicUrl: string;
}

interface Stores {
  readonly kojiEvents: KojiEventStore;
  readonly results: Pick<Results, 'cache'>;
}

export function wireSources(
  config: Config,
  { kojiEvents, results }: Stores,
  publicUrl: string,
  logger: Logger,
): Sources {
  const upstreams = wireUpstreams(config, publicUrl);
  const { requestedUrls: client, tracking } = upstreams;
  const files = new PackageFiles(client);
  const reader = new RepositoryReader({ repoRoots: config.sources.repoRoots, client });
  const kojiPackages =
    config.koji && upstreams.hub
      ? new KojiPackageReader({ hub: upstreams.hub, endpoint: endpointOf(config.koji), path: config.searchPath, files })
      : null;
  const parts: Parts = { config, upstreams, reader, files, kojiPackages, publicUrl };
  const generating = generatingEngines(parts, results, logger);
  const repofile = createRepofileEngine({
    path: config.searchPath,
    ownRepoFile: (compose) => repoFileText(compose, publicUrl),
    logger,
  });
  return {
    resolver: resolverByType(resolvers(parts, kojiEvents, generating)),
    engines: [...generating, ...(upstreams.pulp ? [repofile] : [])],
    tracking,
    forecast: packageForecast({ downloads: files, reader: kojiPackages, run: runUnregistered }),
    run: runUnregistered,
    stop: () => upstreams.close(),
  };
}

function generatingEngines(
  { config, files, kojiPackages }: Parts,
  results: Pick<Results, 'cache'>,
  logger: Logger,
): readonly Engine[] {
  const { searchPath: path, engine } = config;
  const pungi = createPungiEngine({
    path,
    sourceTypes: pungiSourceTypes(config),
    cache: results.cache,
    logger,
  });
  const dnf = createDnfEngine({
    path,
    link: engine.link,
    downloads: files,
    ...(kojiPackages && { reader: kojiPackages }),
    sourceTypes: dnfSourceTypes(config),
    logger,
  });
  return preferredEngines([pungi, dnf], engine.preferred);
}

function resolvers(parts: Parts, events: KojiEventStore, generating: readonly Engine[]): ResolversByType {
  const { config, upstreams, reader, publicUrl } = parts;
  const { hub, pulp } = upstreams;
  const koji = hub && config.koji ? { hub, endpoint: endpointOf(config.koji) } : null;
  return {
    REPO: new RepoSourceResolver(reader),
    PULP: pulp && new PulpSourceResolver({ pulp, resultUrl: (compose) => variantUrl(compose, publicUrl) }),
    RAW_CONFIG: new RawConfigSourceResolver({
      configs: config.rawConfigs,
      koji,
      path: config.searchPath,
      run: runUnregistered,
    }),
    ...kojiResolvers(parts, events, generating),
  };
}

function kojiResolvers(
  { config, upstreams, reader, kojiPackages }: Parts,
  events: KojiEventStore,
  generating: readonly Engine[],
): Pick<ResolversByType, 'TAG' | 'BUILD' | 'MODULE' | 'PUNGI_COMPOSE'> {
  const { koji: settings, searchPath: path } = config;
  const { hub, mbs, requestedUrls: client } = upstreams;
  if (!settings || !hub || !kojiPackages) return { TAG: null, BUILD: null, MODULE: null, PUNGI_COMPOSE: null };
  const forPungi = {
    hub,
    events,
    mbs,
    mbsUrl: config.modules.mbsUrl ?? null,
    baseModules: config.modules.baseModules,
    endpoint: endpointOf(settings),
    repositories: reader,
    git: { path, run: runUnregistered },
    packageSets: null,
  };
  const forAnyEngine = {
    ...forPungi,
    packageSets: {
      packages: kojiPackages,
      repositories: reader,
      repoUrl: settings.repoUrl,
      isFor: async (compose: Compose) => (await engineFor(compose, generating))?.name === 'dnf',
    },
  };
  return {
    TAG: new TagSourceResolver(forAnyEngine),
    BUILD: new BuildSourceResolver(forAnyEngine),
    MODULE: new ModuleSourceResolver(forAnyEngine),
    PUNGI_COMPOSE: new PungiComposeSourceResolver({ client, builds: new BuildSourceResolver(forPungi) }),
  };
}

function pungiSourceTypes({ koji, rawConfigs }: Config): readonly SourceType[] {
  const hasKoji = koji !== undefined;
  return typesOf({
    REPO: true,
    TAG: hasKoji,
    BUILD: hasKoji,
    MODULE: hasKoji,
    PUNGI_COMPOSE: hasKoji,
    RAW_CONFIG: Object.keys(rawConfigs).length > 0,
    PULP: false,
  });
}

/** The dnf engine needs Koji's files: mounted, to link them, or served, to download them. */
function dnfSourceTypes({ koji }: Config): readonly SourceType[] {
  const hasFiles = koji !== undefined && (koji.profile.topDir !== null || koji.profile.topUrl !== null);
  return typesOf({
    REPO: true,
    TAG: hasFiles,
    BUILD: hasFiles,
    MODULE: false,
    PUNGI_COMPOSE: false,
    RAW_CONFIG: false,
    PULP: false,
  });
}

/** A table of all types, so that the compiler asks for a new one. */
function typesOf(possible: Readonly<Record<SourceType, boolean>>): readonly SourceType[] {
  return wordsOf(possible).filter((type) => possible[type]);
}

function endpointOf({ profile: { name, server, topUrl, topDir }, configFile }: KojiSettings): KojiEndpoint {
  return { profile: name, server, topUrl, topDir, configFile };
}

/** Its process groups are not stored: they run for seconds, and leave nothing that a sweep must clean up. */
const runUnregistered: ProcessRunner = (run) => runProcess({ ...run, registerProcessGroup: async () => {} });
