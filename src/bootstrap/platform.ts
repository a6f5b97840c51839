// What every role needs: the database (an embedded one without `database.url`), its stores, the queue, the event feed
// and the target directories.

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
import { eventCursors, type EventCursors } from '../app/event-cursor.ts';
import { EventFeed } from '../events/feed.ts';
import { PgBossQueue } from '../queue/work-queue.ts';
import { createResults } from '../results/directory-results.ts';
import { composeStore } from '../store/compose-store.ts';
import { databaseClock } from '../store/database-clock.ts';
import { openDatabase, type Database } from '../store/database.ts';
import type { Em } from '../store/em.ts';
import { EmbeddedPostgres } from '../embedded-postgres/embedded-postgres.ts';
import { eventLog } from '../store/event-log.ts';
import { history } from '../store/history.ts';
import { instanceId } from '../store/instance.ts';
import { kojiEventStore } from '../store/koji-event-store.ts';
import { knownTargets } from '../store/known-targets.ts';
import { leadership } from '../store/leadership.ts';
import { hasNewerSchema, isMigrated, migrate } from '../store/migrations.ts';
import { packageStore } from '../store/package-store.ts';
import { progressStore } from '../store/progress-store.ts';
import { emOn } from '../store/session-em.ts';
import { Session } from '../store/session.ts';
import { workerRegistry } from '../store/worker-registry.ts';
import { jobListener } from './job-listener.ts';
import { schemaWatch } from './schema-watch.ts';
import { StartedParts } from './started-parts.ts';

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
  /** For each part true, or what is wrong with it. */
  readiness(): Promise<Record<string, true | string>>;
  stop(): Promise<void>;
}

/** What the functions below share. */
interface Opening {
  readonly config: Config;
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly parts: StartedParts;
  readonly onNewerSchema: () => void;
}

/** Calls `onNewerSchema` when a newer version has migrated the database. */
export async function openPlatform(
  config: Config,
  publicUrl: string,
  logger: Logger,
  onNewerSchema: () => void,
): Promise<Platform> {
  const parts = new StartedParts(logger);
  try {
    const opening = { config, publicUrl, logger, parts, onNewerSchema };
    const database = await openMigratedDatabase(opening);
    const probe = emOn(openSession(opening, database.url), database.em);
    await parts.start(schemaWatch(() => hasNewerSchema(probe), onNewerSchema));
    const leases = await openLeases(opening, database);
    return await assemble(opening, database, probe, leases);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function openMigratedDatabase({ config, logger, parts }: Opening): Promise<Database> {
  const url = config.database.url ?? (await startEmbedded(config, logger, parts));
  const database = await openDatabase({
    url,
    logger,
    poolSize: config.database.poolSize,
    applicationName: applicationName(config),
  });
  parts.add(() => database.close());
  await migrate(database.orm, url);
  return database;
}

function openSession({ config, parts }: Opening, url: string): Session {
  const session = new Session({ url, applicationName: applicationName(config) });
  parts.add(async () => session.close());
  return session;
}

async function startEmbedded({ dataDir }: Config, logger: Logger, parts: StartedParts): Promise<string> {
  const embedded = new EmbeddedPostgres({ dataDir, logger });
  await parts.start(embedded);
  return embedded.url;
}

interface Leases {
  readonly clock: Clock;
  readonly registry: WorkerRegistry;
  readonly leadership: Leadership;
}

/** On sessions of their own, so that no slow query delays a lease, the leader or the clock. */
async function openLeases(opening: Opening, { url, em }: Database): Promise<Leases> {
  const { config, logger, parts } = opening;
  const session = openSession(opening, url);
  const clock = databaseClock(session, logger);
  await parts.start(clock);
  const leading = leadership({ url, applicationName: applicationName(config) });
  parts.add(() => leading.stop());
  return { clock, registry: workerRegistry(emOn(session, em)), leadership: leading };
}

async function assemble(opening: Opening, database: Database, probe: Em, leases: Leases): Promise<Platform> {
  const { config, logger, parts } = opening;
  const { em, url } = database;
  const instance = await instanceId(em);
  const targets = knownTargets(em);
  await targets.know(Object.keys(config.results.targetDirs));
  const queue = openQueue(opening, database);
  const store = composeStore(database, queue);
  const events = eventLog(em);
  const progress = progressStore(em);
  const feed = new EventFeed({ url, logger, log: events, progress, composes: store });
  const results = openResults(opening, instance, leases.clock);
  for (const part of [queue, feed, results]) await parts.start(part);
  return {
    ...leases,
    store,
    events,
    progress,
    queue,
    feed,
    results,
    packages: packageStore(em),
    kojiEvents: kojiEventStore(em),
    history: history(em),
    knownTargets: targets,
    cursors: eventCursors(instance),
    readiness: async () => ({
      ...(await databaseReadiness(probe)),
      listener: feed.ready || 'The listener for events is not connected',
      ...(await targetReadiness(config, results)),
    }),
    stop: () => parts.stop(),
  };
}

function openQueue({ config, logger }: Opening, database: Database): PgBossQueue {
  return new PgBossQueue({
    database,
    logger,
    routes: config.queue.routes,
    pools: config.worker.pools,
    ...(config.role !== 'api' && { listen: jobListener(database.url, logger) }),
  });
}

function openResults({ config, publicUrl, logger }: Opening, instance: string, clock: Clock) {
  const { results, retention } = config;
  return createResults({
    targetDirs: results.targetDirs,
    instanceId: instance,
    adopt: results.adoptTarget,
    publicUrl,
    minFreeBytes: results.minFreeBytes,
    cache: { maxAgeSeconds: retention.tagCacheSeconds, maxBytes: retention.tagCacheBytes, clock },
    logger,
  });
}

/** The name of this process's connections in `pg_stat_activity`. */
function applicationName({ role }: Config): string {
  return `odcs-${role}`;
}

async function databaseReadiness(probe: Em): Promise<Record<string, true | string>> {
  try {
    return { database: true, migrations: (await isMigrated(probe)) || 'Migrations are missing' };
  } catch {
    return { database: 'PostgreSQL cannot be reached' };
  }
}

async function targetReadiness(config: Config, results: Results): Promise<Record<string, true | string>> {
  const checks = Object.keys(config.results.targetDirs).map(
    async (name) => [`target:${name}`, (await results.checkTarget(name))?.message ?? true] as const,
  );
  return Object.fromEntries(await Promise.all(checks));
}
