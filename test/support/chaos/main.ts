// `npm run chaos -- --seed N --minutes M`: one run of the harness, on the server of DATABASE_URL or on a PostgreSQL of its
// own. `--pace`: milliseconds between faults. Prints the violations and the seed, and exits with 1, if a rule was broken.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../../../src/embedded-postgres/embedded-postgres.ts';
import { silentLogger } from '../logger.ts';
import { runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    pace: { type: 'string', default: '1000-4000' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const seconds = Number(values.minutes) * 60;
const [from = Number.NaN, to = Number.NaN] = values.pace.split('-').map(Number);
if (!Number.isInteger(seed) || !(seconds > 0) || !(from <= to)) {
  process.stderr.write('Usage: npm run chaos -- [--seed N] [--minutes M] [--pace FROM-TO] [--keep] [--quiet]\n');
  process.exit(2);
}

const server = await databaseServer();
try {
  process.stdout.write(`seed ${seed}, ${values.minutes} minutes\n`);
  const startedAt = Date.now();
  const log = (line: string) =>
    void (
      values.quiet || process.stdout.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${line}\n`)
    );
  const { figures, violations } = await runChaos({
    serverUrl: server.url,
    seed,
    seconds,
    keep: values.keep,
    log,
    faultPace: [from, to],
    workers: ['pungi', 'pungi', 'dnf', 'pungi'],
  });
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  for (const violation of violations) process.stdout.write(`VIOLATION ${violation}\n`);
  process.stdout.write(
    violations.length === 0
      ? `No violations with seed ${seed}\n`
      : `${violations.length} violations with seed ${seed}\n`,
  );
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  await server.stop();
}

async function databaseServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const configured = process.env['DATABASE_URL'];
  if (configured) return { url: configured, stop: async () => {} };
  const dataDir = mkdtempSync(join(tmpdir(), 'odcs-chaos-server-'));
  // PostgreSQL runs as another account and must be able to enter.
  chmodSync(dataDir, 0o755);
  const postgres = new EmbeddedPostgres({ dataDir, logger: silentLogger, durable: false });
  await postgres.start();
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
