// The processes of a run: each in a place of its own, with a proxy of its own to the database, started again after it
// died. A place without a process is a fact of life that clients have to cope with.

import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startService, type ServiceProcess } from '../service-process.ts';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.ts';
import type { Kill, Role, Start } from './records.ts';

const FAKE_PUNGI = fileURLToPath(new URL('../fake-pungi', import.meta.url));

/** The drain time, ending engines, and a database that does not answer meanwhile. */
const STOP_BOUND_MS = 40_000;

export interface Place {
  readonly name: string;
  readonly role: Role;
  readonly proxy: TcpProxy;
  readonly environment: Record<string, string>;
  process: ServiceProcess | null;
  /** What its processes said, one after the other. */
  readonly logs: ServiceProcess['log'][];
  /** A fault is at work on it. */
  busy: boolean;
  /** Exit codes of processes that were stopped in order. */
  readonly exits: (number | 'nothing' | null)[];
}

export interface FleetOptions {
  readonly databaseUrl: string;
  readonly directory: string;
  readonly apis: number;
  /** The engine of each worker. */
  readonly workers: readonly ('pungi' | 'dnf')[];
  readonly environment?: Record<string, string>;
  /** Where starts are kept. */
  readonly starts?: Start[];
}

export class Fleet {
  readonly places: readonly Place[];
  readonly #starts: Start[];
  #over = false;

  private constructor(places: readonly Place[], starts: Start[]) {
    this.places = places;
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
    const places = await Promise.all([...apis, ...workers].map((each) => makePlace(each, options)));
    const fleet = new Fleet(places, options.starts ?? []);
    await Promise.all(places.map((place) => fleet.revive(place)));
    return fleet;
  }

  get apis(): readonly Place[] {
    return this.places.filter(({ role }) => role === 'api');
  }

  get workers(): readonly Place[] {
    return this.places.filter(({ role }) => role === 'worker');
  }

  /** Where api processes are, or were a moment ago. */
  get urls(): readonly string[] {
    return this.apis.flatMap(({ process }) => (process ? [process.url] : []));
  }

  /** Starts a process in a place that has none; tries again where it cannot (its database may be away). */
  async revive(place: Place): Promise<void> {
    for (let tries = 0; !this.#over && place.process === null; tries += 1) {
      try {
        const begun = Date.now();
        place.process = await startService(place.environment);
        this.#starts.push({ at: begun, ms: Date.now() - begun });
        place.logs.push(place.process.log);
      } catch (error) {
        if (tries === 5) throw error;
      }
    }
  }

  /** Null where there was nobody. */
  async kill(place: Place): Promise<Kill | null> {
    const { process, role } = place;
    place.process = null;
    const pid = process?.child.pid;
    if (!process || pid === undefined) return null;
    const at = Date.now();
    await process.end('SIGKILL');
    return { role, pid, at, deadBy: Date.now() };
  }

  /** SIGTERM, and a second one where it is to hurry. */
  async stop(place: Place, hurried: boolean): Promise<void> {
    const { process } = place;
    if (!process) return;
    place.process = null;
    if (hurried) process.child.kill('SIGTERM');
    const code = await Promise.race([process.end('SIGTERM'), sleep(STOP_BOUND_MS, 'nothing' as const, { ref: false })]);
    if (code === 'nothing') await process.end('SIGKILL');
    place.exits.push(code);
  }

  /** What starts looks for leftovers at once, and not when its minute is over. */
  async restartWorkers(): Promise<void> {
    await Promise.all(
      this.workers.map(async (place) => {
        await this.stop(place, false);
        await this.revive(place);
      }),
    );
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.places.map((place) => this.kill(place)));
    await Promise.all(this.places.map(({ proxy }) => proxy.close()));
  }
}

async function makePlace(
  { name, role, engine }: { name: string; role: Role; engine: string },
  options: FleetOptions,
): Promise<Place> {
  const proxy = await startTcpProxy(options.databaseUrl);
  const environment = {
    DATABASE_URL: proxy.url,
    ODCS_TARGET_DIR: join(options.directory, 'composes'),
    ODCS_DATA_DIR: join(options.directory, name),
    ODCS_ROLE: role,
    ODCS_ENGINE: engine,
    // More slots in one worker than composes in all: nobody waits for one.
    ODCS_CONCURRENCY: '24',
    ODCS_DRAIN_SECONDS: '3',
    ODCS_LEFTOVER_GRACE_SECONDS: '3',
    HOST: '127.0.0.1',
    // fake-pungi and the node that it runs on come before anything installed.
    PATH: [FAKE_PUNGI, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    ...options.environment,
  };
  return { name, role, proxy, environment, process: null, logs: [], busy: false, exits: [] };
}
