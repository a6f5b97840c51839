// The façade of the use cases, from the configuration and the parts of the process.

import { createApi, type Api, type ServiceSettings } from '../app/api.ts';
import type { Engine, Logger } from '../app/ports.ts';
import { poolOf } from '../compose/routing.ts';
import type { RequestRules } from '../compose/validation/rules.ts';
import { redactLine } from '../compose/redaction.ts';
import type { Config } from '../config/config.ts';
import { capabilities, configuredEngineFor, engineFor, unsupportedAdditionsByType } from '../engines/engine-choice.ts';
import type { Platform } from './platform.ts';
import { version } from './version.ts';
import type { Sources } from './wire-sources.ts';

export async function wireApi(
  config: Config,
  platform: Platform,
  { resolver, engines, forecast, run }: Sources,
  logger: Logger,
): Promise<Api> {
  const { store, events, feed, clock, results, progress, packages, history, cursors } = platform;
  return createApi({
    store,
    events,
    feed,
    progress,
    packages,
    history,
    results,
    cursors,
    clock,
    logger,
    engines,
    rules: await requestRules(config, engines),
    planning: {
      resolver,
      forecast,
      run,
      engineFor: async (compose) =>
        (await engineFor(compose, engines)) ?? (await configuredEngineFor(compose, engines)),
    },
    poolOf: (compose) => poolOf(config.queue.routes, compose),
    maxLosses: config.queue.maxLostWorkers,
    maxOpen: config.requests.maxOpenPerOwner,
    settings: serviceSettings(config),
  });
}

function serviceSettings({ auth, requests, rawConfigs, retention }: Config): ServiceSettings {
  return {
    version,
    authBackends: auth.methods,
    sigkeys: requests.sigkeys,
    rawConfigs: Object.entries(rawConfigs).map(([name, { url, commit = null }]) => ({
      name,
      url: redactLine(url),
      commit,
    })),
    defaultSecondsToLive: retention.secondsToLive,
    maxSecondsToLive: retention.maxSecondsToLive,
  };
}

async function requestRules(config: Config, engines: readonly Engine[]): Promise<RequestRules> {
  const infos = await Promise.all(engines.map((engine) => engine.info()));
  // An api process generates nothing: the engines that its workers are configured for count, not those on its machine.
  const usable = config.role === 'api' ? infos : infos.filter(({ available }) => available);
  return {
    arches: config.requests.arches,
    targetDirs: Object.keys(config.results.targetDirs),
    secondsToLive: config.retention.secondsToLive,
    maxSecondsToLive: config.retention.maxSecondsToLive,
    repoRoots: config.sources.repoRoots,
    urlAllow: config.sources.urlAllow,
    capabilities: capabilities(usable),
    unsupportedAdditions: unsupportedAdditionsByType(usable),
    rawConfigs: Object.keys(config.rawConfigs),
    baseModules: config.modules.baseModules,
    moduleDefaultsUrls: config.modules.defaultsUrls,
    hasMbs: config.modules.mbsUrl !== undefined,
    sigkeys: config.requests.sigkeys,
  };
}
