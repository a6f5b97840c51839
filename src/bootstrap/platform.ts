// What every role stands on: the database (embedded where none is named), its stores, the queue, the feed, and the
// target directories. Started in this order, stopped in reverse.

import type {
  Clock,
  EventLog,
  Feed,
  History,
  KnownTargets,
  KojiEventStore,
  Leadership,
  Logger,
  PackageStore,
  ProgressStore,
  Results,
  ComposeStore,
  WorkerRegistry,
} from '../app/ports.ts';
import type { Config } from '../config/config.ts';
import { eventCursors, type EventCursors } from '../events/cursor.ts';
import { EventFeed } from '../events/feed.ts';
import { PgBossQueue } from '../queue/work-queue.ts';
import { createResults } from '../results/directory-results.ts';
import { composeStore } from '../store/compose-store.ts';
import { DatabaseClock } from '../store/database-clock.ts';
import { openDatabase, openSmallPool, type Database } from '../store/database.ts';
import { EmbeddedPostgres } from '../embedded-postgres/embedded-postgres.ts';
import { eventLog } from '../store/event-log.ts';
import { history } from '../store/history.ts';
import { instanceId } from '../store/instance.ts';
import { kojiEventStore } from '../store/koji-event-store.ts';
import { knownTargets } from '../store/known-targets.ts';
import { leadership } from '../store/leadership.ts';
import { isMigrated, migrate } from '../store/migrations.ts';
import { packageStore } from '../store/package-store.ts';
import { progressStore } from '../store/progress-store.ts';
import { workerRegistry } from '../store/worker-registry.ts';

export interface Platform {
  readonly store: ComposeStore;
  readonly events: EventLog;
  readonly progress: ProgressStore;
  readonly packages: PackageStore;
  readonly kojiEvents: KojiEventStore;
  readonly registry: WorkerRegistry;
  readonly history: History;
  readonly leadership: Leadership;
  readonly knownTargets: KnownTargets;
  readonly queue: PgBossQueue;
  readonly feed: Feed;
  readonly cursors: EventCursors;
  readonly results: Results;
  readonly clock: Clock;
  /** Per part: true, or what is wrong with it. */
  readiness(): Promise<Record<string, true | string>>;
  stop(): Promise<void>;
}

export async function openPlatform(config: Config, publicUrl: string, logger: Logger): Promise<Platform> {
  const opened: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of opened.splice(0).toReversed()) {
      await part.stop().catch((error: unknown) => logger.warn({ err: error }, 'A part did not stop in order'));
    }
  };
  try {
    const url = config.database.url ?? (await startEmbedded(config, logger, opened));
    const database = await openDatabase({
      url,
      logger,
      poolSize: config.database.poolSize,
      applicationName: `odcs-${config.role}`,
    });
    opened.push({ stop: () => database.close() });
    await migrate(database.orm, url);
    return await assemble(config, publicUrl, logger, database, opened, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startEmbedded(config: Config, logger: Logger, opened: { stop(): Promise<void> }[]): Promise<string> {
  const embedded = new EmbeddedPostgres({ dataDir: config.dataDir, logger });
  await embedded.start();
  opened.push(embedded);
  return embedded.url;
}

async function assemble(
  config: Config,
  publicUrl: string,
  logger: Logger,
  database: Database,
  opened: { stop(): Promise<void> }[],
  stop: () => Promise<void>,
): Promise<Platform> {
  const { run, url } = database;
  // Neither a lease nor a lead, nor the clock, waits for what slow reads hold.
  const applicationName = `odcs-${config.role}`;
  const leases = openSmallPool({ url, logger, applicationName });
  opened.push({ stop: () => leases.close() });
  const clock = new DatabaseClock(leases.run, logger);
  await clock.start();
  opened.push(clock);
  const instance = await instanceId(run);
  const events = eventLog(run);
  const targets = knownTargets(run);
  await targets.know(Object.keys(config.results.targetDirs));
  const progress = progressStore(run);
  const queue = new PgBossQueue({
    url,
    logger,
    run,
    routes: config.queue.routes,
    pools: config.worker.pools,
    transaction: (work) => database.transaction(work),
  });
  const store = composeStore(database, queue);
  const feed = new EventFeed({ url, logger, log: events, progress, composes: store });
  const results = createResults({
    targetDirs: config.results.targetDirs,
    instanceId: instance,
    adopt: config.results.adoptTarget,
    publicUrl,
    minFreeBytes: config.results.minFreeBytes,
    keep: { maxAgeSeconds: config.retention.tagCacheSeconds, maxBytes: config.retention.tagCacheBytes, clock },
    logger,
  });
  const leading = leadership({ url, applicationName });
  opened.push(leading);
  for (const part of [queue, feed, results]) {
    await part.start();
    opened.push(part);
  }
  const readiness = async () => ({
    ...(await databaseReadiness(database)),
    listener: feed.ready || 'The listener for events is not connected',
    ...(await targetReadiness(config, results)),
  });
  return {
    store,
    events,
    progress,
    queue,
    feed,
    results,
    readiness,
    stop,
    packages: packageStore(run),
    kojiEvents: kojiEventStore(run),
    registry: workerRegistry(leases.run),
    history: history(run),
    leadership: leading,
    knownTargets: targets,
    cursors: eventCursors(instance),
    clock,
  };
}

async function databaseReadiness({ orm }: Database): Promise<Record<string, true | string>> {
  try {
    return { database: true, migrations: (await isMigrated(orm)) || 'Migrations are missing' };
  } catch {
    return { database: 'PostgreSQL cannot be reached' };
  }
}

async function targetReadiness(config: Config, results: Results): Promise<Record<string, true | string>> {
  const checks = Object.keys(config.results.targetDirs).map(
    async (name) => [`target:${name}`, (await results.check(name))?.message ?? true] as const,
  );
  return Object.fromEntries(await Promise.all(checks));
}
