// One PostgreSQL for a test run: the server of DATABASE_URL if that is set, else an embedded one that is deleted at the end.
// The next run ends and deletes the server of a killed run.

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
    await killLeftovers();
    await template.drop();
    await server?.stop();
  };
}

/** Kills the service processes of tests that timed out. */
async function killLeftovers(): Promise<void> {
  const mark = `${TEST_RUN}=${process.pid}`;
  for (const { pid } of await livingProcesses()) {
    if (!readEnvironment(pid)?.includes(mark)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended.
    }
  }
}

async function startServer(): Promise<{ postgres: EmbeddedPostgres; stop(): Promise<void> }> {
  await deleteOrphanedServers();
  const dataDir = mkdtempSync(join(tmpdir(), PREFIX));
  // PostgreSQL may run as another account.
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

async function deleteOrphanedServers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const dataDir = join(tmpdir(), name);
    try {
      // Fails if the run is alive, which holds the lock. Otherwise it takes over the server of the run.
      const postgres = new EmbeddedPostgres({ dataDir, logger: silentLogger, durable: false });
      await postgres.start();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof DirectoryInUse)) rmSync(dataDir, { recursive: true, force: true });
    }
  }
}
