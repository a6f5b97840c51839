// The process around the service: arguments, configuration, signals, exit codes. The first SIGTERM or SIGINT drains, the
// second hands running composes back to the queue at once, the third ends the process.

import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { isConnectionLoss } from './app/connection-loss.ts';
import type { Logger } from './app/ports.ts';
import { createLogger } from './bootstrap/logger.ts';
import { startService, type OdcsService } from './bootstrap/service.ts';
import { version } from './bootstrap/version.ts';
import type { Config } from './config/config.ts';
import { helpText } from './config/help.ts';
import { loadConfig } from './config/load.ts';
import { DirectoryInUse } from './os/directory-lock.ts';
import { NewerSchema } from './store/migrations.ts';

/** A restart does not help after `invalidConfiguration` and `newerSchema`. */
const EXIT = { ok: 0, failed: 1, invalidConfiguration: 2, newerSchema: 3 } as const;

const options = readOptions();
if (options.help) end(EXIT.ok, helpText());
if (options.version) end(EXIT.ok, `${version}\n`);

const loaded = loadConfig();
if (!loaded.ok) {
  const problems = loaded.problems.map(({ text }) => `  ${text}\n`).join('');
  process.stderr.write(`The configuration is not valid:\n${problems}`);
  process.exit(EXIT.invalidConfiguration);
}
const { config, warnings } = loaded;
if (options.check) {
  process.stderr.write(warnings.map((warning) => `${warning}\n`).join(''));
  end(EXIT.ok, 'The configuration is valid.\n');
}
await serve(config, warnings);

function readOptions() {
  try {
    const flag = { type: 'boolean' } as const;
    return parseArgs({ options: { help: { ...flag, short: 'h' }, check: flag, version: flag } }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nSee \`npm start -- --help\`.\n`);
    process.exit(EXIT.invalidConfiguration);
  }
}

function end(code: number, text: string): never {
  process.stdout.write(text);
  process.exit(code);
}

async function serve(config: Config, warnings: readonly string[]): Promise<void> {
  const logger = createLogger(config.log.level);
  for (const warning of warnings) logger.warn({}, warning);
  // A promise, because the schema may move before the service has started.
  const newerSchema = Promise.withResolvers<void>();
  try {
    const service = await startService(config, logger, { onNewerSchema: newerSchema.resolve });
    logger.info({ role: config.role, graphql: `${service.url}/graphql` }, 'Serving');
    stopOnSignals(service, logger);
    await newerSchema.promise;
    logger.error({}, 'A newer version has migrated the database: stopping');
    await service.abandon();
    process.exit(EXIT.newerSchema);
  } catch (error) {
    if (error instanceof DirectoryInUse || error instanceof NewerSchema) process.stderr.write(`${error.message}\n`);
    else logger.error({ err: error }, startFailure(error));
    process.exit(error instanceof NewerSchema ? EXIT.newerSchema : EXIT.failed);
  }
}

function stopOnSignals(service: OdcsService, logger: Logger): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    logger.info({ signal }, 'Stopping');
    if (signals > 2) process.exit(EXIT.failed);
    if (signals > 1) service.stopNow();
    else void service.stop().then(() => process.exit(EXIT.ok));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function startFailure(error: unknown): string {
  return isConnectionLoss(error)
    ? 'PostgreSQL cannot be reached. Check DATABASE_URL and the server, then start again.'
    : 'The service could not be started';
}
