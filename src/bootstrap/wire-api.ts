// The API's part of a process: the use cases with what they need, and what reads need beside them.

import { cancelCompose } from '../app/cancel-compose.ts';
import { createCompose } from '../app/create-compose.ts';
import { diffComposes } from '../app/diff-composes.ts';
import { estimator } from '../app/estimate.ts';
import { composePlanner } from '../app/plan-compose.ts';
import { pinCompose, unpinCompose } from '../app/pin-compose.ts';
import type { Engine, Logger } from '../app/ports.ts';
import { removeCompose } from '../app/remove-compose.ts';
import { renewCompose } from '../app/renew-compose.ts';
import { poolOf } from '../compose/routing.ts';
import type { RequestRules } from '../compose/validate-request.ts';
import type { Config } from '../config/config.ts';
import { capabilities, configuredEngineFor, engineFor, unsupportedAdditionsByType } from '../engines/engine-choice.ts';
import type { Api } from '../app/api.ts';
import type { Platform } from './platform.ts';
import type { Sources } from './wire-sources.ts';
import { version } from './version.ts';

/** The longest wait of `cancelCompose` for the engine to end. */
const CANCEL_WAIT_MS = 10_000;
/** Planning is I/O in a process that has others to answer. */
const PLAN_LIMITS = { atATime: 2, waiting: 20, timeoutMs: 60_000 };

export async function wireApi(
  config: Config,
  platform: Platform,
  { resolver, engines, forecast, unattended }: Sources,
  logger: Logger,
): Promise<Api> {
  const { store, events, feed, clock, results, progress, packages, cursors } = platform;
  const changing = {
    store,
    events,
    feed,
    results,
    clock,
    logger,
    rules: { maxLosses: config.queue.maxLostWorkers },
    maxStopWaitMs: CANCEL_WAIT_MS,
  };
  const rules = await requestRules(config, engines);
  return {
    create: (viewer, input) =>
      createCompose({ store, clock, rules, maxOpen: config.requests.maxOpenPerOwner }, viewer, input),
    cancel: (viewer, request) => cancelCompose(changing, viewer, request),
    remove: (viewer, request) => removeCompose(changing, viewer, request),
    estimate: estimator({
      history: platform.history,
      poolOf: (compose) => poolOf(config.queue.routes, compose),
      clock,
    }),
    pin: (viewer, input) => pinCompose(changing, viewer, input),
    unpin: (viewer, input) => unpinCompose(changing, viewer, input),
    renew: (viewer, input) =>
      renewCompose(
        { store, clock, requestRules: rules, rules: changing.rules, maxOpen: config.requests.maxOpenPerOwner },
        viewer,
        input,
      ),
    plan: composePlanner({
      store,
      packages,
      clock,
      rules,
      resolver,
      forecast,
      run: unattended,
      engineFor: async (compose) =>
        (await engineFor(compose, engines)) ?? (await configuredEngineFor(compose, engines)),
      limits: PLAN_LIMITS,
    }),
    diff: (viewer, from, to) => diffComposes({ store, packages }, viewer, from, to),
    store,
    events,
    feed,
    progress,
    packages,
    results,
    engines,
    cursors,
    clock,
    settings: {
      version,
      authBackends: ['noauth'],
      sigkeys: config.requests.sigkeys,
      rawConfigs: Object.entries(config.rawConfigs).map(([name, { url, commit }]) => ({
        name,
        url,
        commit: commit ?? null,
      })),
      defaultSecondsToLive: config.retention.secondsToLive,
      maxSecondsToLive: config.retention.maxSecondsToLive,
    },
  };
}

async function requestRules(config: Config, engines: readonly Engine[]): Promise<RequestRules> {
  const infos = await Promise.all(engines.map((engine) => engine.info()));
  // The engines of an api process are its workers': what is configured counts, not what is found on this machine.
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
