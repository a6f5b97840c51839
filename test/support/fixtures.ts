// Fixtures: what a test asks for by name in its arguments. Each is made when a test of the file first asks for it, and
// released after the file.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { composeStore } from '../../src/store/compose-store.ts';
import { startTestApi } from './api.ts';
import { startCluster, type ClusterOptions } from './cluster.ts';
import { createTestDatabase, noQueue, openTestDatabase } from './database.ts';
import { startTestServer } from './http.ts';
import { startKojiLab, type LabSettings } from './koji-lab.ts';
import { startRunningService } from './running-service.ts';

/** `directory`: a temporary directory of this file's own. */
export const directoryTest = test.extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'odcs-test-')));
  onCleanup(() => rm(directory, { recursive: true, force: true }));
  return directory;
});

/** `server`: a database of this file's own. `database`: its connections. `store`: composes in it, whose jobs go nowhere. */
export const databaseTest = directoryTest
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await createTestDatabase();
    onCleanup(() => server.drop());
    return server;
  })
  .extend('database', { scope: 'file' }, async ({ server }, { onCleanup }) => {
    const database = await openTestDatabase(server);
    onCleanup(() => database.close());
    return database;
  })
  .extend('store', { scope: 'file' }, ({ database }) => composeStore(database, noQueue));

/** `odcs`: the façade on the stores of `server`. `http`: an HTTP service in front of it. */
export const apiTest = databaseTest
  .extend('odcs', { scope: 'file' }, async ({ server }, { onCleanup }) => {
    const odcs = await startTestApi(server);
    onCleanup(() => odcs.stop());
    return odcs;
  })
  .extend('http', { scope: 'file' }, async ({ odcs }, { onCleanup }) => {
    const http = await startTestServer(odcs.api);
    onCleanup(() => http.stop());
    return http;
  });

/** `service`: a whole service in this process. `settings`: what it is started with, as in the environment; override them. */
export const serviceTest = directoryTest
  .extend('settings', { scope: 'file' }, {} as Record<string, string>)
  .extend('service', { scope: 'file' }, async ({ settings }, { onCleanup }) => {
    const service = await startRunningService(settings);
    onCleanup(() => service.stop());
    return service;
  });

/** `cluster`: several processes of a service on one database. `processes`: how many, and of which engine; override them. */
export const clusterTest = directoryTest
  .extend('processes', { scope: 'file' }, { apis: 1, workers: 1, engine: 'dnf' } as ClusterOptions)
  .extend('cluster', { scope: 'file' }, async ({ processes }, { onCleanup }) => {
    const cluster = await startCluster(processes);
    onCleanup(() => cluster.stop());
    return cluster;
  });

/**
 * `emptyLab`: a service with Pungi beside an empty Koji and MBS; a file fills them in a fixture of its own, `lab`.
 * `settings`: what the service is started with besides the settings of the lab; override them.
 */
export const kojiTest = directoryTest
  .extend('settings', { scope: 'file' }, {} as LabSettings)
  .extend('emptyLab', { scope: 'file' }, async ({ directory, settings }, { onCleanup }) => {
    const lab = await startKojiLab(directory, settings);
    onCleanup(() => lab.stop());
    return lab;
  });
