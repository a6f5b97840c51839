// The composition root: the platform, and the parts that the role needs on top of it.

import type { Logger, Service } from '../app/ports.ts';
import { authenticationBy, type Authentication } from '../auth/registry.ts';
import type { Config } from '../config/config.ts';
import { httpService } from '../http/service.ts';
import { baseUrl, freePort } from './network-place.ts';
import { openPlatform, type Platform } from './platform.ts';
import { StartedParts } from './started-parts.ts';
import { wireApi } from './wire-api.ts';
import { wireSources } from './wire-sources.ts';
import { wireWorker } from './wire-worker.ts';

/** A stop takes at most the drain time and this, for example if the database does not answer. */
const STOP_LIMIT_MS = 30_000;

export interface OdcsService {
  readonly url: string;
  /** Drains: running composes may continue for `worker.drainSeconds`. Settles at most 30 s after that. */
  stop(): Promise<void>;
  /** Ends a drain: hands running composes back to the queue. */
  stopNow(): void;
  /** Stops clients and chores at once and hands running composes back to the queue, because the database must not be changed. */
  abandon(): Promise<void>;
}

export interface StartOptions {
  /** Called when a newer version has migrated the database; the process has to stop then. */
  readonly onNewerSchema?: () => void;
}

export async function startService(
  config: Config,
  logger: Logger,
  { onNewerSchema = () => {} }: StartOptions = {},
): Promise<OdcsService> {
  const { host, port: wantedPort, publicUrl: configuredUrl } = config.http;
  const port = wantedPort === 0 ? await freePort(host) : wantedPort;
  const url = baseUrl(host, port);
  const publicUrl = configuredUrl ?? url;
  const parts = new StartedParts(logger);
  const stop = () => parts.stop(config.worker.drainSeconds * 1000 + STOP_LIMIT_MS);
  try {
    const platform = await openPlatform(config, publicUrl, logger, onNewerSchema);
    parts.add(() => platform.stop());
    const role = await startRole({ config, port, publicUrl, platform, parts, logger });
    return { url, stop, stopNow: role.stopNow, abandon: () => abandon(role, stop) };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Role {
  readonly config: Config;
  readonly port: number;
  readonly publicUrl: string;
  readonly platform: Platform;
  readonly parts: StartedParts;
  readonly logger: Logger;
}

interface StartedRole {
  /** What clients and chores reach the database through. */
  readonly services: readonly Service[];
  /** Ends a drain. */
  stopNow(): void;
}

async function startRole(role: Role): Promise<StartedRole> {
  const { config, port, publicUrl, platform, parts, logger } = role;
  const sources = wireSources(config, platform, publicUrl, logger);
  parts.add(() => sources.stop());
  const api = await wireApi(config, platform, sources, logger);
  const { targetDirs } = config.results;
  const auth = configuredAuthentication(config);
  parts.add(() => auth.close());
  const { readiness } = platform;
  const http = httpService({ host: config.http.host, port, publicUrl, api, auth, targetDirs, readiness, logger });
  await parts.start(http);
  if (config.role === 'api') return { services: [http], stopNow: () => {} };
  const worker = wireWorker(config, platform, sources, logger);
  for (const part of worker.parts) await parts.start(part);
  return { services: [http, ...worker.parts], stopNow: worker.stopNow };
}

/** The services stop concurrently: in the order of `stop`, HTTP and the chores would work until the worker has stopped. */
async function abandon({ services, stopNow }: StartedRole, stop: () => Promise<void>): Promise<void> {
  stopNow();
  await Promise.allSettled([...services.map((service) => service.stop()), stop()]);
}

function configuredAuthentication({ auth, requests, results, rawConfigs }: Config): Authentication {
  return authenticationBy(auth, {
    arches: requests.arches,
    targetDirs: Object.keys(results.targetDirs),
    rawConfigs: Object.keys(rawConfigs),
  });
}
