// A service of several processes: api and worker processes that share a fresh database and a target directory. They
// generate with fake-pungi or dnf.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { FAKE_PUNGI_PATH } from './pungi-path.ts';
import { startService, type ServiceProcess } from './service-process.ts';

export interface Cluster {
  readonly directory: string;
  readonly targetDir: string;
  readonly database: TestDatabase;
  readonly apis: readonly ServiceProcess[];
  readonly workers: ServiceProcess[];
  /** An api process; indexes above the number of them start again at the first. */
  api(index: number): ServiceProcess;
  /** Makes a repository with the sample packages. `control` is the scenario that fake-pungi plays with it. */
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
    PATH: FAKE_PUNGI_PATH,
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
    api(index) {
      const process = apis[index % apis.length];
      if (!process) throw new Error('The cluster has no api process');
      return process;
    },
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

/** Makes a repository with the sample packages. `control` is the scenario that fake-pungi plays with it. */
export async function fakePungiRepository(path: string, control: object): Promise<string> {
  await makeRepository(path, SAMPLE_SOURCES);
  await writeFile(join(path, 'fake-pungi.json'), JSON.stringify(control));
  return path;
}
