// `npm run demo`: starts the whole service in a temporary directory on a free port, builds a sample repository, requests
// a compose, watches it and checks the result with dnf. It leaves nothing behind.

import 'reflect-metadata';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../bootstrap/logger.ts';
import { startService } from '../bootstrap/service.ts';
import { loadConfig } from '../config/load.ts';
import { createCompose, watchCompose, type WatchedCompose } from './client.ts';
import { checkWithDnf } from './dnf-check.ts';
import { makeRepository, SAMPLE_SOURCES } from './sample-repository.ts';

const PACKAGES = ['hello'];
/** As Pungi would choose: hello and what it requires. */
const EXPECTED = ['greet-0.9-1.x86_64', 'hello-2.12-1.x86_64', 'hello-data-2.3-1.noarch', 'libhello-2.12-1.x86_64'];

const directory = await mkdtemp(join(tmpdir(), 'odcs-demo-'));
// As root the embedded PostgreSQL runs as another user, who must be able to enter the directory.
await chmod(directory, 0o755);
const loaded = loadConfig({
  PATH: process.env['PATH'],
  PORT: '0',
  ODCS_DATA_DIR: join(directory, 'data'),
  ODCS_ENGINE: 'dnf',
  ODCS_ARCHES: 'x86_64',
  ODCS_LOG_LEVEL: 'error',
});
if (!loaded.ok) throw new Error(loaded.problems.map(({ text }) => text).join('\n'));
const startedAt = performance.now();
const service = await startService(loaded.config, createLogger('error'));
// Engines and PostgreSQL run in process groups of their own, which Ctrl-C does not reach.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
try {
  say(`Serving ${service.url}/graphql with an embedded PostgreSQL (started in ${secondsSince(startedAt)})`);
  process.exitCode = (await demonstrate(service.url)) ? 0 : 1;
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  service.stopNow();
  await service.stop();
  await rm(directory, { recursive: true, force: true });
}

/** Whether the compose has exactly the expected packages. */
async function demonstrate(url: string): Promise<boolean> {
  const repository = join(directory, 'sample');
  const buildingSince = performance.now();
  await makeRepository(repository, SAMPLE_SOURCES);
  say(`Built a sample repository of ${SAMPLE_SOURCES.length} source packages in ${secondsSince(buildingSince)}`);

  const requestedAt = performance.now();
  const id = await createCompose(url, { source: { repo: { repo: repository, packages: PACKAGES } } });
  say(`Requested compose ${id}: ${PACKAGES.join(', ')} with dependencies`);
  const last = await watchCompose(url, id, ({ kind, compose }) => say(describe(kind, compose)));
  if (last?.state !== 'DONE' || !last.repofile) {
    say(`The compose ended in ${last?.state}: ${last?.failure?.code} ${last?.failure?.message}`);
    if (last?.failure?.details) say(last.failure.details);
    return false;
  }
  say(`Done after ${secondsSince(requestedAt)}. Its .repo file:\n\n${last.repofile}`);
  return checkWithDnf({ repofile: last.repofile, directory, install: PACKAGES, expected: EXPECTED, say });
}

function describe(kind: string, { state, stateReason, progress }: WatchedCompose): string {
  if (kind !== 'PROGRESSED') return `  ${state}: ${stateReason}`;
  const { percent, phase, message } = progress ?? { percent: 0, phase: '', message: null };
  return `  ${percent.toFixed(0).padStart(3)} %  ${phase}${message ? `: ${message}` : ''}`;
}

function secondsSince(instant: number): string {
  return `${((performance.now() - instant) / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  console.log(line);
}
