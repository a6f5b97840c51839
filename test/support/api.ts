// The façade on real stores, a real feed and a real target directory, with shortcuts to make things happen. Every call
// that reads a port is counted, and can be made to fail.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createApi, type Api, type ApiDeps } from '../../src/app/api.ts';
import { changeCompose } from '../../src/app/change-compose.ts';
import { eventCursors } from '../../src/app/event-cursor.ts';
import type { ComposeStore, PackageRecord, ProgressStore, Results } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';
import { EventFeed } from '../../src/events/feed.ts';
import { createResults } from '../../src/results/directory-results.ts';
import { logPath } from '../../src/results/layout.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { history } from '../../src/store/history.ts';
import { instanceId } from '../../src/store/instance.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { aCompose } from './composes.ts';
import { noQueue, openTestDatabase, type TestDatabase } from './database.ts';
import { silentLogger } from './logger.ts';
import { REQUEST_RULES } from './request-rules.ts';

const WORKER = '00000000-0000-4000-8000-000000000001';
const RULES = { maxLosses: 3 };

/** What a compose may be inserted with. */
type Overrides = Parameters<typeof aCompose>[0];

export class TestApi {
  readonly api: Api;
  readonly deps: ApiDeps;
  readonly store: ComposeStore;
  readonly feed: EventFeed;
  readonly #observer: Observer;
  readonly #parts: Parts;

  constructor(parts: Parts, observer: Observer, overrides: Partial<ApiDeps>) {
    this.#parts = parts;
    this.#observer = observer;
    this.store = parts.store;
    this.feed = parts.feed;
    this.deps = { ...depsOf(parts, observer), ...overrides };
    this.api = createApi(this.deps);
  }

  /** How often a method of a port was called, such as `store.findMany`. */
  calls(name: string): number {
    return this.#observer.calls.get(name) ?? 0;
  }

  /** Makes every read fail; null ends that. */
  failReads(error: Error | null): void {
    this.#observer.error = error;
  }

  async insert(overrides: Overrides = {}): Promise<Compose> {
    return this.store.transaction((tx) => tx.insert({ ...aCompose(), ...overrides }, null));
  }

  /** Several, in one transaction. */
  async insertMany(count: number, overrides: (index: number) => Overrides = () => ({})): Promise<readonly Compose[]> {
    return this.store.transaction(async (tx) => {
      const composes: Compose[] = [];
      for (let index = 0; index < count; index += 1)
        composes.push(await tx.insert({ ...aCompose(), ...overrides(index) }, null));
      return composes;
    });
  }

  /** Sends events to the lifecycle machine, in one transaction each. */
  async advance(id: string, ...events: readonly LifecycleEvent[]): Promise<Compose> {
    let changed: Compose | null = null;
    for (const event of events) {
      changed = await this.store.transaction(async (tx) => {
        const compose = await tx.lock(id);
        return compose && changeCompose(tx, compose, { event, by: 'system' }, RULES);
      });
      if (!changed) throw new Error(`Compose ${id} refuses ${event.type}`);
    }
    if (!changed) throw new Error('There is no event to send');
    return changed;
  }

  begin(id: string): Promise<Compose> {
    return this.advance(id, { type: 'BEGIN', at: new Date(), workerId: WORKER });
  }

  succeed(id: string, attempt = 1): Promise<Compose> {
    return this.advance(id, { type: 'SUCCEED', at: new Date(), attempt });
  }

  /** Both events of a removal; no files are removed. */
  remove(id: string): Promise<Compose> {
    const at = new Date();
    return this.advance(id, { type: 'BEGIN_REMOVAL', at, by: 'system', reason: null }, { type: 'REMOVED', at });
  }

  /** A DONE compose with these packages. */
  async done(packages: readonly PackageRecord[] = [], overrides: Overrides = {}): Promise<string> {
    const { id } = await this.insert(overrides);
    await this.begin(id);
    await this.succeed(id);
    await this.addPackages(id, packages);
    return id;
  }

  async addPackages(id: string, packages: readonly PackageRecord[]): Promise<void> {
    await this.store.transaction((tx) => tx.insertPackages(id, packages));
  }

  async progress(id: string, attempt: number, percent: number): Promise<void> {
    await this.#parts.progress.put(id, { attempt, percent, phase: 'GATHER', message: null, updatedAt: new Date() });
  }

  /** Replaces the log of an attempt. */
  async writeLog(id: string, attempt: number, text: string): Promise<void> {
    const path = logPath(this.#parts.targetDir, id, attempt);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  async stop(): Promise<void> {
    const { feed, results, database, targetDir } = this.#parts;
    await feed.stop();
    await results.stop();
    await database.close();
    await rm(targetDir, { recursive: true, force: true });
  }
}

interface Parts {
  readonly database: Database;
  readonly instance: string;
  readonly store: ComposeStore;
  readonly progress: ProgressStore;
  readonly feed: EventFeed;
  readonly results: Results;
  readonly targetDir: string;
}

export async function startTestApi(server: TestDatabase, overrides: Partial<ApiDeps> = {}): Promise<TestApi> {
  const database = await openTestDatabase(server);
  const instance = await instanceId(database.em);
  const store = composeStore(database, noQueue);
  const progress = progressStore(database.em);
  const log = eventLog(database.em);
  const feed = new EventFeed({ url: server.url, logger: silentLogger, log, progress, composes: store });
  await feed.start();
  const targetDir = await mkdtemp(join(tmpdir(), 'odcs-api-'));
  const results = createResults({
    targetDirs: { default: targetDir },
    instanceId: instance,
    adopt: false,
    publicUrl: 'http://odcs.test',
    minFreeBytes: 0,
    logger: silentLogger,
  });
  await results.start();
  return new TestApi({ database, instance, store, progress, feed, results, targetDir }, new Observer(), overrides);
}

class Observer {
  readonly calls = new Map<string, number>();
  error: Error | null = null;

  watch<Port extends object>(name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const method = `${name}.${String(key)}`;
          this.calls.set(method, (this.calls.get(method) ?? 0) + 1);
          if (this.error) return Promise.reject(this.error);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }
}

function depsOf({ database, instance, store, progress, feed, results }: Parts, observer: Observer): ApiDeps {
  const unplanned = () => Promise.reject(new Error('Nothing is planned in this test'));
  return {
    store: observer.watch('store', store),
    packages: observer.watch('packages', packageStore(database.em)),
    progress: observer.watch('progress', progress),
    events: observer.watch('events', eventLog(database.em)),
    feed,
    results,
    engines: [{ info: async () => ({ name: 'dnf', version: '4.14.0', sourceTypes: ['REPO'], available: true }) }],
    history: history(database.em),
    cursors: eventCursors(instance),
    clock: { now: () => new Date() },
    logger: silentLogger,
    rules: REQUEST_RULES,
    planning: {
      resolver: { identify: unplanned, resolve: unplanned },
      forecast: unplanned,
      run: unplanned,
      engineFor: unplanned,
    },
    poolOf: () => 'default',
    maxLosses: RULES.maxLosses,
    maxOpen: undefined,
    settings: {
      version: '1.2.3',
      authBackends: ['noauth'],
      sigkeys: [],
      rawConfigs: [],
      defaultSecondsToLive: 86_400,
      maxSecondsToLive: 259_200,
    },
  };
}
