// One PostgreSQL for a run of the suite: the server of DATABASE_URL where that is set, else an embedded one in a
// directory of its own, gone at the end. A run that was killed leaves one behind; the next run ends and deletes it.

import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { livingProcesses, readEnvironment } from '../../src/os/process-table.ts';
import { DirectoryInUse } from '../../src/os/directory-lock.ts';
import { EmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { makeTemplate } from './database.ts';
import { silentLogger } from './logger.ts';
import { TEST_RUN } from './service-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly serverUrl: string;
    readonly templateDatabase: string;
  }
}

const PREFIX = 'odcs-test-server-';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL'];
  const server = given ? null : await startServer();
  const url = given ?? server?.postgres.url ?? '';
  const template = await makeTemplate(url);
  project.provide('serverUrl', url);
  project.provide('templateDatabase', template.name);
  return async () => {
    await endLeftBehind();
    await template.drop();
    await server?.stop();
  };
}

/** Services of tests that were given up on. */
async function endLeftBehind(): Promise<void> {
  const mark = `${TEST_RUN}=${process.pid}`;
  for (const { pid } of await livingProcesses()) {
    if (!readEnvironment(pid)?.includes(mark)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was faster.
    }
  }
}

async function startServer(): Promise<{ postgres: EmbeddedPostgres; stop(): Promise<void> }> {
  await deleteLeftOvers();
  const dataDir = mkdtempSync(join(tmpdir(), PREFIX));
  // The account that it runs as has to get in.
  chmodSync(dataDir, 0o755);
  const postgres = new EmbeddedPostgres({ dataDir, logger: silentLogger, durable: false });
  await postgres.start();
  return {
    postgres,
    async stop() {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function deleteLeftOvers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const dataDir = join(tmpdir(), name);
    try {
      // Taking the lock over is how a run that is alive is told from one that is not; starting ends its server.
      const postgres = new EmbeddedPostgres({ dataDir, logger: silentLogger, durable: false });
      await postgres.start();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof DirectoryInUse)) rmSync(dataDir, { recursive: true, force: true });
    }
  }
}
