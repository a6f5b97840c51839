// The process around the service: arguments, configuration, signals. The first SIGTERM or SIGINT stops in order, the
// second hands running composes back at once, the third ends the process.

import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { isConnectionLoss } from './app/connection-loss.ts';
import { helpText, loadConfig } from './config/config.ts';
import { createLogger } from './bootstrap/logger.ts';
import { startService } from './bootstrap/service.ts';
import { DirectoryInUse } from './os/directory-lock.ts';

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  process.stdout.write(`Usage: npm start\n\n${helpText()}`);
  process.exit(0);
}

const loaded = loadConfig();
if (!loaded.ok) {
  process.stderr.write(
    `The configuration is not valid:\n${loaded.problems.map((problem) => `  ${problem}\n`).join('')}`,
  );
  process.exit(2);
}

const { config, warnings } = loaded;
const logger = createLogger(config.ODCS_LOG_LEVEL);
for (const warning of warnings) logger.warn({}, warning);

try {
  const service = await startService(config, logger);
  logger.info({ role: config.ODCS_ROLE, graphql: `${service.url}/graphql` }, 'Serving');
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    logger.info({ signal }, 'Stopping');
    if (signals > 2) process.exit(1);
    if (signals > 1) service.stopNow();
    else void service.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
} catch (error) {
  if (error instanceof DirectoryInUse) process.stderr.write(`${error.message}\n`);
  else
    logger.error(
      { err: error },
      isConnectionLoss(error)
        ? 'PostgreSQL cannot be reached; start again when it can'
        : 'The service could not be started',
    );
  process.exit(1);
}
