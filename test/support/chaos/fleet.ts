// The instances of the service in a run. Each has a name, and a TCP proxy of its own to the database; its process is started
// again after it died. Clients must cope with instances that have no process.

import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startService, type ServiceProcess } from '../service-process.ts';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.ts';
import type { Kill, Role, Start } from './records.ts';

const FAKE_PUNGI = fileURLToPath(new URL('../fake-pungi', import.meta.url));

/** The drain time of a run, the 30 s that a stop takes at most after it, and some seconds for a busy machine. */
const STOP_LIMIT_MS = 40_000;

export interface Instance {
  readonly name: string;
  readonly role: Role;
  readonly proxy: TcpProxy;
  readonly environment: Record<string, string>;
  process: ServiceProcess | null;
  /** The log of each of its processes. */
  readonly logs: ServiceProcess['log'][];
  /** Whether a fault affects it. */
  busy: boolean;
  /** Exit codes of processes that were stopped in order. */
  readonly exits: (number | 'timeout' | null)[];
}

export interface FleetOptions {
  readonly databaseUrl: string;
  readonly directory: string;
  readonly apis: number;
  /** The engine of each worker. */
  readonly workers: readonly ('pungi' | 'dnf')[];
  readonly environment?: Record<string, string>;
  /** Receives the start of each process. */
  readonly starts?: Start[];
}

export class Fleet {
  readonly instances: readonly Instance[];
  readonly #starts: Start[];
  #over = false;

  private constructor(instances: readonly Instance[], starts: Start[]) {
    this.instances = instances;
    this.#starts = starts;
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const apis = Array.from({ length: options.apis }, (_, index) => ({
      name: `api-${index}`,
      role: 'api' as const,
      engine: 'pungi',
    }));
    const workers = options.workers.map((engine, index) => ({
      name: `worker-${index}-${engine}`,
      role: 'worker' as const,
      engine,
    }));
    const instances = await Promise.all([...apis, ...workers].map((each) => createInstance(each, options)));
    const fleet = new Fleet(instances, options.starts ?? []);
    await Promise.all(instances.map((instance) => fleet.restart(instance)));
    return fleet;
  }

  get apis(): readonly Instance[] {
    return this.instances.filter(({ role }) => role === 'api');
  }

  get workers(): readonly Instance[] {
    return this.instances.filter(({ role }) => role === 'worker');
  }

  /** URLs of the api processes; one may just have died. */
  get urls(): readonly string[] {
    return this.apis.flatMap(({ process }) => (process ? [process.url] : []));
  }

  /** Starts the process of an instance that has none. Retries, as the database may be out of reach. */
  async restart(instance: Instance): Promise<void> {
    for (let tries = 0; !this.#over && instance.process === null; tries += 1) {
      try {
        const startedAt = Date.now();
        instance.process = await startService(instance.environment);
        this.#starts.push({ at: startedAt, ms: Date.now() - startedAt });
        instance.logs.push(instance.process.log);
      } catch (error) {
        if (tries === 5) throw error;
      }
    }
  }

  /** Null if it had no process. */
  async kill(instance: Instance): Promise<Kill | null> {
    const { process, role } = instance;
    instance.process = null;
    const pid = process?.child.pid;
    if (!process || pid === undefined) return null;
    const at = Date.now();
    await process.end('SIGKILL');
    return { role, pid, at, deadBy: Date.now() };
  }

  /** SIGTERM; a second one with `now`, to end the drain. */
  async stop(instance: Instance, now: boolean): Promise<void> {
    const { process } = instance;
    if (!process) return;
    instance.process = null;
    if (now) process.child.kill('SIGTERM');
    const code = await Promise.race([process.end('SIGTERM'), sleep(STOP_LIMIT_MS, 'timeout' as const, { ref: false })]);
    if (code === 'timeout') await process.end('SIGKILL');
    instance.exits.push(code);
  }

  /** A worker runs its chores at its start; so leftovers are purged without waiting for the next interval. */
  async restartWorkers(): Promise<void> {
    await Promise.all(
      this.workers.map(async (instance) => {
        await this.stop(instance, false);
        await this.restart(instance);
      }),
    );
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.instances.map((instance) => this.kill(instance)));
    await Promise.all(this.instances.map(({ proxy }) => proxy.close()));
  }
}

async function createInstance(
  { name, role, engine }: { name: string; role: Role; engine: string },
  options: FleetOptions,
): Promise<Instance> {
  const proxy = await startTcpProxy(options.databaseUrl);
  const environment = {
    DATABASE_URL: proxy.url,
    ODCS_TARGET_DIR: join(options.directory, 'composes'),
    ODCS_DATA_DIR: join(options.directory, name),
    ODCS_ROLE: role,
    ODCS_ENGINE: engine,
    // One worker has more slots than a run has open composes, so that no compose waits for a slot.
    ODCS_CONCURRENCY: '24',
    ODCS_DRAIN_SECONDS: '3',
    ODCS_LEFTOVER_GRACE_SECONDS: '3',
    HOST: '127.0.0.1',
    // fake-pungi, and the Node.js that it runs on, come before installed programs.
    PATH: [FAKE_PUNGI, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    ...options.environment,
  };
  return { name, role, proxy, environment, process: null, logs: [], busy: false, exits: [] };
}
