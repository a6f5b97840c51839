// An api process that takes the owner of a request from a header: creating is limited by owner, and the configured
// authentication methods know one owner only. Runs the compiled service, which has decorators.

import { anonymousAuthenticator } from '../src/auth/anonymous.ts';
import { firstOf } from '../src/auth/registry.ts';
import { createLogger } from '../src/bootstrap/logger.ts';
import type { startService as StartService } from '../src/bootstrap/service.ts';
import { granted } from '../src/compose/refusal.ts';
import { loadConfig } from '../src/config/load.ts';

const { startService } = (await import(new URL('../dist/bootstrap/service.js', import.meta.url).href)) as {
  readonly startService: typeof StartService;
};
const loaded = loadConfig();
if (!loaded.ok) throw new Error('The configuration is not valid');
const { config } = loaded;
const anonymous = anonymousAuthenticator({
  arches: config.requests.arches,
  targetDirs: Object.keys(config.results.targetDirs),
  rawConfigs: Object.keys(config.rawConfigs),
});
const authentication = firstOf([
  {
    async authenticate(request) {
      const viewer = await anonymous.authenticate(request);
      const name = request.headers['x-owner'];
      return viewer?.ok && typeof name === 'string' ? granted({ ...viewer.value, name }) : viewer;
    },
  },
]);
const logger = createLogger(config.log.level);
const { url } = await startService(config, logger, { authentication });
logger.info({ graphql: `${url}/graphql` }, 'Serving');
