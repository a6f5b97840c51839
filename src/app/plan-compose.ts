// What createCompose would lead to, found out without doing it: the request is judged, its source looked at, a result to
// share looked up, and packages told where they can be. It does in an API process what else workers do: a few at a time,
// for a bounded time, in a directory of its own that is gone at the end. Nothing is stored.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Compose } from '../compose/compose.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import type { CreateComposeInput } from '../compose/input.ts';
import { denyRequest } from '../compose/permissions.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import type { ComposeRequest } from '../compose/request.ts';
import { sharingDigest } from '../compose/sharing.ts';
import { validateRequest, type RequestRules } from '../compose/validate-request.ts';
import type { Viewer } from '../compose/viewer.ts';
import { isReadable, READ_ALL } from '../compose/read-policy.ts';
import type {
  Clock,
  ComposeStore,
  Engine,
  PackageForecast,
  PackageRecord,
  PackageStore,
  ProcessRunner,
  SourceResolver,
} from './ports.ts';
import { descriptorOf, type ComposeSource } from '../compose/sources/descriptors.ts';

export interface PlanComposeDeps {
  readonly store: ComposeStore;
  readonly packages: Pick<PackageStore, 'pages'>;
  readonly clock: Clock;
  readonly rules: RequestRules;
  readonly resolver: SourceResolver;
  /** The engine that workers would take. */
  readonly engineFor: (compose: Compose) => Promise<Engine | null>;
  /** Tells packages before they are generated; null where it cannot. */
  readonly forecast: PackageForecast;
  readonly run: ProcessRunner;
  readonly limits: PlanLimits;
}

export interface PlanLimits {
  readonly atATime: number;
  /** Waiting for their turn; more are refused. */
  readonly waiting: number;
  readonly timeoutMs: number;
}

export interface Plan {
  /** The compose that would be made; its id is nobody's. */
  readonly compose: Compose;
  readonly source: ComposeSource;
  readonly packages: readonly PackageRecord[] | null;
  readonly reuses: Compose | null;
  readonly reason: string;
  readonly queuePosition: number | null;
}

/** More packages than an answer holds are not told. */
export const MAX_PLANNED_PACKAGES = 5_000;

export type PlanCompose = (viewer: Viewer, input: CreateComposeInput, signal?: AbortSignal) => Promise<Outcome<Plan>>;

export function composePlanner(deps: PlanComposeDeps): PlanCompose {
  const { atATime, waiting: mayWait, timeoutMs } = deps.limits;
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atATime) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes on to the next in line, or back.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return async (viewer, input, signal) => {
    const validated = validateRequest(input, deps.rules);
    if ('problems' in validated) return badInput(...validated.problems);
    const denied = denyRequest(viewer, validated.request);
    if (denied) return denied;
    if (waiting.length >= mayWait)
      return refused({
        code: 'RATE_LIMITED',
        message: 'Too many composes are being planned at the moment; try again in a while',
      });
    const deadline = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([deadline, signal]) : deadline;
    try {
      return await inTurn(() => planIn(deps, viewer, imagined(deps, viewer, validated.request), either));
    } catch (error) {
      if (!either.aborted) throw error;
      return refused({
        code: 'UPSTREAM_UNAVAILABLE',
        message: `What this compose would hold could not be found out within ${Math.round(timeoutMs / 1000)} s`,
      });
    }
  };
}

async function planIn(
  deps: PlanComposeDeps,
  viewer: Viewer,
  compose: Compose,
  signal: AbortSignal,
): Promise<Outcome<Plan>> {
  signal.throwIfAborted();
  const engine = await deps.engineFor(compose);
  if (!engine)
    return refused({ code: 'UPSTREAM_UNAVAILABLE', message: 'The engine that this compose needs is not there' });
  const scratch = await mkdtemp(join(tmpdir(), 'odcs-plan-'));
  try {
    const resolved = await deps.resolver.resolve(compose, { scratch, signal, run: deps.run, log: () => {} });
    if ('failure' in resolved) return refusalOf(resolved.failure, compose);
    const { input } = resolved;
    const digest = sharingDigest({ request: compose, engine: engine.name, fingerprint: input.fingerprint });
    const root = digest === null ? null : await deps.store.transaction((tx) => tx.findReusable(digest));
    const told = { ...compose, ...input.overrides, source: input.source };
    if (root)
      return granted({
        compose: told,
        source: root.state === 'DONE' ? root.source : input.source,
        packages: await packagesOf(deps, root),
        reuses: isReadable(root, viewer.mayRead) ? root : null,
        reason: sharedReason(root),
        queuePosition: null,
      });
    const forecast = await deps.forecast({ compose: told, input, scratch, limit: MAX_PLANNED_PACKAGES, signal });
    if (forecast && 'failure' in forecast) return refusalOf(forecast.failure, compose);
    const waiting = engine.isLight ? 0 : (await deps.store.count({ states: ['WAIT'] }, READ_ALL)).count;
    const packages = forecast?.packages ?? null;
    return granted({
      compose: told,
      source: input.source,
      packages,
      reuses: null,
      reason: ownReason(compose, engine, digest),
      queuePosition: waiting + 1,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What would be stored, were it stored: with an id that no compose has. */
function imagined({ clock }: PlanComposeDeps, viewer: Viewer, request: ComposeRequest): Compose {
  const at = clock.now();
  return {
    ...request,
    id: '0',
    owner: viewer.name,
    idempotencyKey: null,
    pungiComposeId: null,
    pungiConfigDump: null,
    engineName: null,
    digest: null,
    submittedAt: at,
    seq: 0,
    state: 'WAIT',
    stateReason: '',
    failure: null,
    attempt: 0,
    losses: 0,
    workerId: null,
    startedAt: null,
    doneAt: null,
    removedAt: null,
    expiresAt: new Date(at.getTime() + request.secondsToLive * 1000),
    removedBy: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancelReason: null,
    reuses: null,
    removingAt: null,
    removalReason: null,
  };
}

async function packagesOf({ packages }: PlanComposeDeps, root: Compose): Promise<readonly PackageRecord[] | null> {
  if (root.state !== 'DONE') return null;
  const [page] = await packages.pages([root.reuses ?? root.id], { limit: MAX_PLANNED_PACKAGES }, READ_ALL);
  return page && !page.hasNextPage ? page.items : null;
}

/** What looking found wrong with the request is the requester's to put right; all else may heal. */
function refusalOf({ code, message }: ComposeFailure, { source }: Compose): Outcome<never> {
  const path = `input.source.${descriptorOf(source).field}`;
  switch (code) {
    case 'MISSING_PACKAGES':
      return badInput({ path: 'packages' in source ? `${path}.packages` : path, message });
    case 'INVALID_SOURCE':
    case 'UNSATISFIED_DEPENDENCIES':
      return badInput({ path, message });
    case 'UNSIGNED_PACKAGES':
      return badInput({ path: 'input.sigkeys', message });
    default:
      return refused({ code: 'UPSTREAM_UNAVAILABLE', message });
  }
}

function sharedReason(root: Compose): string {
  return root.state === 'DONE'
    ? `Compose ${root.id} is the same and done: its result would be shared`
    : `Compose ${root.id} is the same and under way: its result would be shared`;
}

function ownReason({ flags, source }: Compose, engine: Engine, digest: string | null): string {
  if (engine.isLight) return 'Nothing is to be generated: a .repo file would be written';
  if (flags.includes('NO_REUSE')) return `It would be generated by ${engine.name}: NO_REUSE asks for that`;
  if (digest === null || (source.type === 'RAW_CONFIG' && source.kojiEvent === null))
    return `It would be generated by ${engine.name}: such a compose is not shared`;
  return `It would be generated by ${engine.name}: no compose that is there or under way is the same`;
}
