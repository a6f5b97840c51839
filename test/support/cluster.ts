// One service of several processes: so many api and worker processes on a fresh database and one target directory,
// generating with fake-pungi or dnf from a repository that the test made.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { startService, type ServiceProcess } from './service-process.ts';

const FAKE_PUNGI = fileURLToPath(new URL('./fake-pungi', import.meta.url));

export interface Cluster {
  readonly directory: string;
  readonly targetDir: string;
  readonly database: TestDatabase;
  readonly apis: readonly ServiceProcess[];
  readonly workers: ServiceProcess[];
  /** A repository with the sample packages; `control` says what fake-pungi does with it. */
  repository(name: string, control?: object): Promise<string>;
  startWorker(environment?: Record<string, string>): Promise<ServiceProcess>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly apis: number;
  readonly workers: number;
  readonly engine: 'pungi' | 'dnf';
  readonly environment?: Record<string, string>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'odcs-cluster-'));
  const targetDir = join(directory, 'composes');
  const database = await createTestDatabase();
  const environment = {
    DATABASE_URL: database.url,
    ODCS_TARGET_DIR: targetDir,
    ODCS_ENGINE: options.engine,
    // fake-pungi and the node that it runs on come before anything installed.
    PATH: [FAKE_PUNGI, dirname(process.execPath), process.env['PATH'] ?? ''].join(':'),
    HOST: '127.0.0.1',
    ...options.environment,
  };
  const start = (role: string, extra: Record<string, string> = {}) =>
    startService({ ...environment, ODCS_ROLE: role, ODCS_DATA_DIR: join(directory, role), ...extra });
  const processes = await Promise.all(
    [...Array<string>(options.apis).fill('api'), ...Array<string>(options.workers).fill('worker')].map((role) =>
      start(role),
    ),
  );
  const apis = processes.slice(0, options.apis);
  const workers = processes.slice(options.apis);
  return {
    directory,
    targetDir,
    database,
    apis,
    workers,
    repository: (name, control = {}) => fakePungiRepository(join(directory, name), control),
    async startWorker(extra = {}) {
      const worker = await start('worker', extra);
      workers.push(worker);
      return worker;
    },
    async stop() {
      await Promise.all([...apis, ...workers].map((each) => each.end('SIGKILL')));
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A repository with the sample packages; `control` says what fake-pungi does with it. */
export async function fakePungiRepository(path: string, control: object): Promise<string> {
  await makeRepository(path, SAMPLE_SOURCES);
  await writeFile(join(path, 'fake-pungi.json'), JSON.stringify(control));
  return path;
}
