// The façade of the use cases: GraphQL calls nothing else, and further interfaces will not either. Every read takes the
// viewer and applies the viewer's read policy, so that no interface can read past it.

import type { Compose } from '../compose/compose.ts';
import type { CreateComposeInput } from '../compose/input.ts';
import type { PackageChange } from '../compose/package-diff.ts';
import type { Pin, PinComposeInput } from '../compose/pin.ts';
import { isReadable, READ_ALL } from '../compose/read-policy.ts';
import { granted, type Outcome } from '../compose/refusal.ts';
import type { RenewComposeInput } from '../compose/renewal.ts';
import type { RequestRules } from '../compose/validation/rules.ts';
import type { Viewer } from '../compose/viewer.ts';
import { cancelCompose } from './cancel-compose.ts';
import type { ChangeRequest } from './change-request.ts';
import { createCompose, type Created } from './create-compose.ts';
import {
  comparableComposes,
  countChanges,
  packagesOfChanges,
  pageOfChanges,
  type ChangeCounts,
  type ChangesPage,
  type ChangesQuery,
  type ComparedComposes,
} from './diff-composes.ts';
import { estimator, type Estimate, type EstimateDeps } from './estimate.ts';
import type { EventCursors } from './event-cursor.ts';
import { eventReads, type EventReads } from './event-reads.ts';
import { followLog, type LogRequest, type LogStream } from './follow-log.ts';
import { pinCompose, unpinCompose, type Pinned } from './pin-compose.ts';
import { composePlanner, type Plan, type PlanComposeDeps } from './plan-compose.ts';
import type {
  Clock,
  ComposeFilter,
  ComposeProgress,
  ComposeStore,
  Engine,
  EngineInfo,
  EventLog,
  Feed,
  Logger,
  PackageRecord,
  PackagesQuery,
  PackageStore,
  Page,
  PageQuery,
  ProgressStore,
  Results,
} from './ports.ts';
import { removeCompose } from './remove-compose.ts';
import { renewCompose, type Renewed } from './renew-compose.ts';

export type Api = ComposeCommands & ComposeReads & EventReads & ServiceReads;

/** Lists of results are in the order of the ids that were passed, null or empty for what the viewer may not read. */
export interface ComposeCommands {
  create(viewer: Viewer, input: CreateComposeInput): Promise<Outcome<Created>>;
  cancel(viewer: Viewer, request: ChangeRequest): Promise<Outcome<Compose>>;
  remove(viewer: Viewer, request: ChangeRequest): Promise<Outcome<Compose>>;
  renew(viewer: Viewer, input: RenewComposeInput): Promise<Outcome<Renewed>>;
  pin(viewer: Viewer, input: PinComposeInput): Promise<Outcome<Pinned>>;
  unpin(viewer: Viewer, input: Pick<PinComposeInput, 'id' | 'name'>): Promise<Outcome<Compose>>;
  plan(viewer: Viewer, input: CreateComposeInput): Promise<Outcome<EstimatedPlan>>;
}

export interface EstimatedPlan extends Plan {
  readonly estimatedDoneAt: Date | null;
}

export interface ComposeReads {
  compose(viewer: Viewer, id: string): Promise<Compose | null>;
  composes(viewer: Viewer, ids: readonly string[]): Promise<readonly (Compose | null)[]>;
  page(viewer: Viewer, query: PageQuery): Promise<Page<Compose>>;
  count(viewer: Viewer, filter: ComposeFilter): ReturnType<ComposeStore['count']>;
  /** For each compose the one that generates its result: the compose that it shares, of any owner, or itself. */
  generators(viewer: Viewer, composes: readonly Compose[]): Promise<readonly Compose[]>;
  progress(viewer: Viewer, ids: readonly string[]): Promise<readonly (ComposeProgress | null)[]>;
  queuePositions(viewer: Viewer, ids: readonly string[]): Promise<readonly (number | null)[]>;
  pins(viewer: Viewer, ids: readonly string[]): Promise<readonly (readonly Pin[])[]>;
  /** When a compose will be DONE; `queuePosition` for one that is WAIT. Null when it cannot be estimated. */
  readonly estimate: Estimate;
  packages(viewer: Viewer, ids: readonly string[], query: PackagesQuery): Promise<readonly Page<PackageRecord>[]>;
  packageCounts(viewer: Viewer, ids: readonly string[], nameContains?: string): Promise<readonly number[]>;
  /** Whether two composes can be compared. */
  comparable(viewer: Viewer, composes: ComparedComposes): Promise<Outcome<ComparedComposes>>;
  changeCounts(viewer: Viewer, composes: ComparedComposes, nameContains?: string): Promise<Outcome<ChangeCounts>>;
  changes(viewer: Viewer, composes: ComparedComposes, query: ChangesQuery): Promise<Outcome<ChangesPage>>;
  /** The added or removed packages of some changes. */
  changedPackages(
    viewer: Viewer,
    composes: ComparedComposes,
    changes: readonly PackageChange[],
  ): Promise<Outcome<readonly PackageRecord[]>>;
  log(viewer: Viewer, request: LogRequest): Promise<Outcome<LogStream>>;
  readonly urls: Results['urls'];
  readonly repoFile: Results['repoFile'];
}

export interface ServiceReads {
  about(): Promise<About>;
  now(): Date;
}

export interface About extends ServiceSettings {
  readonly engines: readonly EngineInfo[];
}

export interface ServiceSettings {
  readonly version: string;
  readonly authBackends: readonly string[];
  readonly sigkeys: readonly string[];
  readonly rawConfigs: readonly { readonly name: string; readonly url: string; readonly commit: string | null }[];
  readonly defaultSecondsToLive: number;
  readonly maxSecondsToLive: number;
}

export interface ApiDeps {
  readonly store: ComposeStore;
  readonly packages: PackageStore;
  readonly progress: Pick<ProgressStore, 'findMany'>;
  readonly events: EventLog;
  readonly feed: Pick<Feed, 'follow'>;
  readonly results: Pick<
    Results,
    'latestComposeIds' | 'reachableTargets' | 'readLog' | 'trashCompose' | 'repoFile' | 'urls'
  >;
  readonly engines: readonly Pick<Engine, 'info'>[];
  readonly history: EstimateDeps['history'];
  readonly cursors: EventCursors;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: RequestRules;
  readonly planning: Pick<PlanComposeDeps, 'engineFor' | 'forecast' | 'resolver' | 'run'>;
  readonly poolOf: EstimateDeps['poolOf'];
  /** The workers that a compose may lose before it fails. */
  readonly maxLosses: number;
  /** WAIT and GENERATING composes that one owner may have; undefined for no limit. */
  readonly maxOpen: number | undefined;
  readonly settings: ServiceSettings;
}

/** The longest time that cancelCompose waits for the engine to end before it answers. */
const CANCEL_WAIT_MS = 10_000;
/** Planning must leave the process time for other requests. */
const PLAN_LIMITS = { running: 2, waiting: 20, timeoutMs: 60_000 };

export function createApi(deps: ApiDeps): Api {
  const estimate = estimator(deps);
  return {
    ...composeCommands(deps, estimate),
    ...composeReads(deps, estimate),
    ...eventReads(deps),
    about: async () => ({
      ...deps.settings,
      engines: await Promise.all(deps.engines.map((engine) => engine.info())),
    }),
    now: () => deps.clock.now(),
  };
}

function composeCommands(deps: ApiDeps, estimate: Estimate): ComposeCommands {
  const { store, clock, rules: requestRules, maxOpen } = deps;
  const changing = { ...deps, rules: { maxLosses: deps.maxLosses }, maxStopWaitMs: CANCEL_WAIT_MS };
  const plan = composePlanner({ ...deps, ...deps.planning, limits: PLAN_LIMITS });
  return {
    create: (viewer, input) => createCompose({ store, clock, rules: requestRules, maxOpen }, viewer, input),
    cancel: (viewer, request) => cancelCompose(changing, viewer, request),
    remove: (viewer, request) => removeCompose(changing, viewer, request),
    renew: (viewer, input) => renewCompose({ ...changing, requestRules, maxOpen }, viewer, input),
    pin: (viewer, input) => pinCompose(changing, viewer, input),
    unpin: (viewer, input) => unpinCompose(changing, viewer, input),
    async plan(viewer, input) {
      const outcome = await plan(viewer, input);
      if (!outcome.ok) return outcome;
      const { compose, reuses, queuePosition } = outcome.value;
      const estimatedDoneAt =
        reuses?.state === 'DONE' ? clock.now() : await estimate(reuses ?? compose, reuses ? null : queuePosition);
      return granted({ ...outcome.value, estimatedDoneAt });
    },
  };
}

function composeReads(deps: ApiDeps, estimate: Estimate): ComposeReads {
  const { store, packages, progress, results, clock } = deps;
  return {
    compose: (viewer, id) => store.find(id, viewer.mayRead),
    composes: (viewer, ids) => store.findMany(ids, viewer.mayRead),
    page: (viewer, query) => store.page(query, viewer.mayRead),
    count: (viewer, filter) => store.count(filter, viewer.mayRead),
    generators: (viewer, composes) => generatorsOf(store, viewer, composes),
    progress: (viewer, ids) => progress.findMany(ids, viewer.mayRead),
    queuePositions: (viewer, ids) => store.queuePositions(ids, viewer.mayRead),
    pins: (viewer, ids) => store.pinsOf(ids, clock.now(), viewer.mayRead),
    estimate,
    packages: (viewer, ids, query) => packages.pages(ids, query, viewer.mayRead),
    packageCounts: (viewer, ids, nameContains) => packages.counts(ids, nameContains, viewer.mayRead),
    comparable: (viewer, composes) => comparableComposes(deps, viewer, composes),
    changeCounts: (viewer, composes, nameContains) => countChanges(deps, viewer, composes, nameContains),
    changes: (viewer, composes, query) => pageOfChanges(deps, viewer, composes, query),
    changedPackages: (viewer, composes, changes) => packagesOfChanges(deps, viewer, composes, changes),
    log: (viewer, request) => followLog(deps, viewer, request),
    urls: (compose) => results.urls(compose),
    repoFile: (compose) => results.repoFile(compose),
  };
}

async function generatorsOf(
  store: Pick<ComposeStore, 'findMany'>,
  { mayRead }: Viewer,
  composes: readonly Compose[],
): Promise<readonly Compose[]> {
  const wanted = composes.flatMap((compose) =>
    compose.reuses !== null && isReadable(compose, mayRead) ? [compose.reuses] : [],
  );
  if (wanted.length === 0) return composes;
  const found = await store.findMany([...new Set(wanted)], READ_ALL);
  const byId = new Map(found.flatMap((compose) => (compose ? [[compose.id, compose]] : [])));
  return composes.map((compose) => byId.get(compose.reuses ?? '') ?? compose);
}
