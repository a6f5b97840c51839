// The composition root: the platform, then what the role needs on it, started in order and stopped in reverse.

import type { Logger, Service } from '../app/ports.ts';
import { anonymousAuthenticator } from '../auth/no-auth.ts';
import type { Config } from '../config/config.ts';
import { httpService } from '../http/service.ts';
import { baseUrl, freePort } from './network-place.ts';
import { openPlatform } from './platform.ts';
import { wireApi } from './wire-api.ts';
import { wireSources } from './wire-sources.ts';
import { wireWorker } from './wire-worker.ts';

export interface OdcsService {
  readonly url: string;
  /** Lets what is being generated go on for the drain time. */
  stop(): Promise<void>;
  /** Cuts the drain time short. */
  stopNow(): void;
}

export async function startService(config: Config, logger: Logger): Promise<OdcsService> {
  const port = config.http.port === 0 ? await freePort(config.http.host) : config.http.port;
  const publicUrl = config.http.publicUrl ?? baseUrl(config.http.host, port);
  const platform = await openPlatform(config, publicUrl, logger);
  const started: Service[] = [];
  let hurry = () => {};
  const stop = async () => {
    for (const part of started.splice(0).toReversed()) {
      await part.stop().catch((error: unknown) => logger.warn({ err: error }, 'A part did not stop in order'));
    }
    await platform.stop();
  };
  try {
    const sources = wireSources(config, platform, publicUrl, logger);
    const api = await wireApi(config, platform, sources, logger);
    const auth = anonymousAuthenticator({
      arches: config.requests.arches,
      targetDirs: Object.keys(config.results.targetDirs),
      rawConfigs: Object.keys(config.rawConfigs),
    });
    const { readiness } = platform;
    const parts: Service[] = [
      httpService({
        host: config.http.host,
        port,
        publicUrl,
        api,
        auth,
        targetDirs: config.results.targetDirs,
        readiness,
        logger,
      }),
    ];
    if (config.role !== 'api') {
      const worker = wireWorker(config, platform, sources, logger);
      hurry = worker.hurry;
      parts.push(...worker.parts);
    }
    for (const part of parts) {
      started.push(part);
      await part.start();
    }
    return { url: baseUrl(config.http.host, port), stop, stopNow: () => hurry() };
  } catch (error) {
    await stop();
    throw error;
  }
}
