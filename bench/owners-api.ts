// An api process that takes the owner of a request from a header: creating is limited by owner, and the configured
// authentication methods know one owner only. It is the compiled service, which has decorators, with another authentication.

import { anonymousAuthenticator } from '../src/auth/anonymous.ts';
import { firstOf } from '../src/auth/registry.ts';
import { createLogger } from '../src/bootstrap/logger.ts';
import type * as Platform from '../src/bootstrap/platform.ts';
import type * as WireApi from '../src/bootstrap/wire-api.ts';
import type * as WireSources from '../src/bootstrap/wire-sources.ts';
import { granted } from '../src/compose/refusal.ts';
import { loadConfig } from '../src/config/load.ts';
import type * as Service from '../src/http/service.ts';

const { openPlatform } = (await compiled('bootstrap/platform.js')) as typeof Platform;
const { wireApi } = (await compiled('bootstrap/wire-api.js')) as typeof WireApi;
const { wireSources } = (await compiled('bootstrap/wire-sources.js')) as typeof WireSources;
const { httpService } = (await compiled('http/service.js')) as typeof Service;

const loaded = loadConfig();
if (!loaded.ok) throw new Error('The configuration is not valid');
const { config } = loaded;
const { targetDirs } = config.results;
const anonymous = anonymousAuthenticator({
  arches: config.requests.arches,
  targetDirs: Object.keys(targetDirs),
  rawConfigs: Object.keys(config.rawConfigs),
});
const auth = firstOf([
  {
    async authenticate(request) {
      const viewer = await anonymous.authenticate(request);
      const name = request.headers['x-owner'];
      return viewer?.ok && typeof name === 'string' ? granted({ ...viewer.value, name }) : viewer;
    },
  },
]);

const logger = createLogger(config.log.level);
const publicUrl = 'http://127.0.0.1';
const platform = await openPlatform(config, publicUrl, logger, () => {});
const api = await wireApi(config, platform, wireSources(config, platform, publicUrl, logger), logger);
const { host, port } = config.http;
const http = httpService({ host, port, api, auth, targetDirs, readiness: platform.readiness, logger });
await http.start();
logger.info({ graphql: `${http.url}/graphql` }, 'Serving');

function compiled(file: string): Promise<unknown> {
  return import(new URL(`../dist/${file}`, import.meta.url).href);
}
