// What composes are made from, and by what: the sources and engines that the configuration has.

import { readFile } from 'node:fs/promises';
import type {
  ComposeTracking,
  Engine,
  KojiEventStore,
  KojiEndpoint,
  Logger,
  PackageForecast,
  ProcessRunner,
  Results,
  SourceResolver,
} from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { Config } from '../config/config.ts';
import type { KojiSettings } from '../config/koji.ts';
import { createDnfEngine } from '../engines/dnf/dnf-engine.ts';
import { engineFor, preferredEngines } from '../engines/engine-choice.ts';
import { packageForecast } from '../engines/dnf/forecast.ts';
import { createPungiEngine } from '../engines/pungi/pungi-engine.ts';
import { createRepofileEngine } from '../engines/repofile/repofile-engine.ts';
import { composeUrl, repoFileText, variantUrl } from '../results/repo-file.ts';
import { runProcess } from '../engines/supervisor/run-process.ts';
import { sourcesByType } from '../sources/by-type.ts';
import { KojiFiles } from '../sources/koji/koji-files.ts';
import { KojiSource } from '../sources/koji/koji-source.ts';
import { CtsClient } from '../upstreams/cts/cts-client.ts';
import { KojiHub } from '../upstreams/koji/koji-hub.ts';
import { MbsClient } from '../upstreams/mbs/mbs-client.ts';
import { Pulp2 } from '../upstreams/pulp/pulp2.ts';
import { Pulp3 } from '../upstreams/pulp/pulp3.ts';
import type { PulpServer } from '../upstreams/pulp/pulp-repository.ts';
import { PulpSource } from '../sources/pulp/pulp-source.ts';
import { RawConfigSource } from '../sources/raw-config/raw-config-source.ts';
import { PungiComposeSource } from '../sources/pungi-compose/pungi-compose-source.ts';
import { HttpClient } from '../upstreams/http/http-client.ts';
import { RepoSource } from '../sources/repo/repo-source.ts';
import type { SourceType } from '../compose/sources/descriptors.ts';

const METADATA_TIMEOUTS = { connectMs: 10_000, idleMs: 30_000 };

export interface Sources {
  readonly resolver: SourceResolver;
  readonly engines: readonly Engine[];
  /** Null where composes get their ids here. */
  readonly tracking: ComposeTracking | null;
  /** Tells packages before they are generated. */
  readonly forecast: PackageForecast;
  /** For programs that only look: nobody else has to know of them. */
  readonly unattended: ProcessRunner;
}

export function wireSources(
  config: Config,
  { kojiEvents, results }: { readonly kojiEvents: KojiEventStore; readonly results: Pick<Results, 'cache'> },
  publicUrl: string,
  logger: Logger,
): Sources {
  const bounds = {
    repoRoots: config.sources.repoRoots,
    urlAllow: config.sources.urlAllow,
    hostIsLoopback: config.http.isLoopback,
  };
  const repo = new RepoSource(bounds);
  const pulp = pulpServer(config);
  const files =
    config.koji &&
    new KojiFiles({
      hub: new KojiHub(config.koji.profile),
      place: kojiPlace(config.koji),
      path: config.searchPath,
      repositories: repo,
    });
  const generating = preferredEngines(
    [
      createPungiEngine({
        path: config.searchPath,
        timeoutMs: config.engine.timeoutSeconds * 1000,
        sourceTypes: pungiSources(config),
        cache: results.cache,
        logger,
      }),
      createDnfEngine({
        path: config.searchPath,
        link: config.engine.link,
        downloads: repo,
        ...(files && { reader: files }),
        sourceTypes: dnfSources(config),
        logger,
      }),
    ],
    config.engine.preferred,
  );
  const koji =
    files &&
    kojiSource(config, kojiEvents, repo, {
      files,
      isFor: async (compose) => (await engineFor(compose, generating))?.name === 'dnf',
    });
  const repofile = createRepofileEngine({
    path: config.searchPath,
    ownRepoFile: (compose) => repoFileText(compose, publicUrl),
    logger,
  });
  return {
    resolver: sourcesByType({
      REPO: repo,
      RAW_CONFIG: new RawConfigSource({
        configs: config.rawConfigs,
        path: config.searchPath,
        run: unattended,
        koji: rawConfigKoji(config),
      }),
      ...(koji && {
        TAG: koji,
        BUILD: koji,
        MODULE: koji,
        PUNGI_COMPOSE: new PungiComposeSource({
          client: new HttpClient(bounds, METADATA_TIMEOUTS, 4),
          koji: koji.forPungi,
        }),
      }),
      ...(pulp && { PULP: new PulpSource({ pulp, resultUrl: (compose) => variantUrl(compose, publicUrl) }) }),
    }),
    tracking: trackingService(config, publicUrl),
    forecast: packageForecast({ downloads: repo, reader: files ?? null, run: unattended }),
    unattended,
    engines: [...generating, ...(pulp ? [repofile] : [])],
  };
}

/** Of what Pungi can do, what the configuration makes possible. */
function pungiSources({ koji, rawConfigs }: Config): readonly SourceType[] {
  return [
    'REPO',
    ...(koji ? (['TAG', 'BUILD', 'MODULE', 'PUNGI_COMPOSE'] as const) : []),
    ...(Object.keys(rawConfigs).length > 0 ? (['RAW_CONFIG'] as const) : []),
  ];
}

/** Files are linked from where Koji's are mounted, or fetched from where they are served. */
function dnfSources({ koji }: Config): readonly SourceType[] {
  return koji && (koji.profile.topDir !== null || koji.profile.topUrl !== null) ? ['REPO', 'TAG', 'BUILD'] : ['REPO'];
}

function kojiPlace({ profile: { name, server, topUrl, topDir }, configFile }: KojiSettings): KojiEndpoint {
  return { profile: name, server, topUrl, topDir, configFile };
}

function kojiSource(
  config: Config,
  events: KojiEventStore,
  repositories: RepoSource,
  packages: { readonly files: KojiFiles; isFor(compose: Compose): Promise<boolean> },
): KojiSource | null {
  const {
    koji: settings,
    modules: { mbsUrl, baseModules },
    searchPath: path,
  } = config;
  if (!settings) return null;
  const { profile, repoUrl } = settings;
  return new KojiSource({
    hub: new KojiHub(profile),
    events,
    mbs: mbsUrl === undefined ? null : new MbsClient({ url: mbsUrl }),
    mbsUrl: mbsUrl ?? null,
    baseModules,
    place: kojiPlace(settings),
    repositories,
    git: { path, run: unattended },
    packageSets: { ...packages, repositories, repoUrl },
  });
}

/** Raw configurations may take their packages from there, too. */
function rawConfigKoji({ koji: settings }: Config): { readonly hub: KojiHub; readonly place: KojiEndpoint } | null {
  return settings ? { hub: new KojiHub(settings.profile), place: kojiPlace(settings) } : null;
}

/** What only looks lives for seconds and holds nothing that a successor would miss. */
const unattended: ProcessRunner = (run) => runProcess({ ...run, registerProcessGroup: async () => {} });

function trackingService({ cts: settings }: Config, publicUrl: string): ComposeTracking | null {
  if (!settings) return null;
  const { url, tokenFile } = settings;
  const token = tokenFile === undefined ? null : async () => (await readFile(tokenFile, 'utf8')).trim();
  return new CtsClient({ url, token, composeUrl: ({ id }) => composeUrl(id, publicUrl) });
}

function pulpServer({ pulp: settings }: Config): PulpServer | null {
  if (!settings) return null;
  const { url, kind, contentUrl, username, password = '', apiPath, labels, tls } = settings;
  const common = { url, ...(username !== undefined && { basicAuth: { username, password } }), ...(tls && { tls }) };
  if (kind === 2) return new Pulp2({ ...common, ...(contentUrl !== undefined && { contentUrl }) });
  return new Pulp3({
    ...common,
    ...(apiPath !== undefined && { apiPath }),
    ...(labels && { labels: withoutUndefined(labels) }),
  });
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
