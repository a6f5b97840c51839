// Describes what createCompose would do with a request, and stores nothing: validates the request, resolves its source,
// and looks for a result to reuse. It runs in the API process, so the number of plans and their duration are limited.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newCompose, type Compose } from '../compose/compose.ts';
import type { CreateComposeInput } from '../compose/input.ts';
import { denyRequest } from '../compose/permissions.ts';
import { isReadable, READ_ALL } from '../compose/read-policy.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import type { ComposeRequest } from '../compose/request.ts';
import { sharingDigest } from '../compose/sharing.ts';
import type { ComposeSource } from '../compose/sources/descriptors.ts';
import { validateRequest } from '../compose/validate-request.ts';
import type { RequestRules } from '../compose/validation/rules.ts';
import type { Viewer } from '../compose/viewer.ts';
import { Slots, type SlotLimits } from '../concurrency/slots.ts';
import { generationReason, refusalOfFailure, reuseReason } from './plan-texts.ts';
import {
  UpstreamInterrupted,
  type Clock,
  type ComposeStore,
  type Engine,
  type PackageForecast,
  type PackageRecord,
  type PackageStore,
  type ProcessRunner,
  type ResolvedInput,
  type SourceResolver,
} from './ports.ts';

export interface PlanComposeDeps {
  readonly store: ComposeStore;
  readonly packages: Pick<PackageStore, 'pages'>;
  readonly clock: Clock;
  readonly rules: RequestRules;
  readonly resolver: SourceResolver;
  /** The engine that a worker would run. */
  readonly engineFor: (compose: Compose) => Promise<Engine | null>;
  readonly forecast: PackageForecast;
  readonly run: ProcessRunner;
  readonly limits: PlanLimits;
}

export interface PlanLimits extends SlotLimits {
  readonly timeoutMs: number;
}

export interface Plan {
  /** The hypothetical compose; no compose has its id. */
  readonly compose: Compose;
  /** As requested, with what it resolves to. */
  readonly source: ComposeSource;
  /** Null if they are unknown before the compose is generated, or more than `MAX_PLANNED_PACKAGES`. */
  readonly packages: readonly PackageRecord[] | null;
  /** The compose that would be reused; null if there is none, or if the viewer may not read it. */
  readonly reuses: Compose | null;
  readonly reason: string;
  /** Counted from 1; null if a result would be reused. */
  readonly queuePosition: number | null;
}

const MAX_PLANNED_PACKAGES = 5_000;

export type PlanCompose = (viewer: Viewer, input: CreateComposeInput, signal?: AbortSignal) => Promise<Outcome<Plan>>;

/** One attempt to plan a valid request. */
interface Planning {
  readonly viewer: Viewer;
  readonly compose: Compose;
  readonly engine: Engine;
  /** A directory of this plan; deleted afterwards. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export function composePlanner(deps: PlanComposeDeps): PlanCompose {
  const { timeoutMs } = deps.limits;
  const slots = new Slots(deps.limits);
  return async (viewer, input, signal) => {
    const validated = validateRequest(input, deps.rules);
    if ('problems' in validated) return badInput(...validated.problems);
    const denied = denyRequest(viewer, validated.request);
    if (denied) return denied;
    if (slots.isFull)
      return refused({ code: 'RATE_LIMITED', message: 'The service makes too many plans just now. Try again later.' });
    const deadline = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([deadline, signal]) : deadline;
    const compose = hypotheticalCompose(deps, viewer, validated.request);
    try {
      return await slots.run(() => planInScratch(deps, viewer, compose, either));
    } catch (error) {
      if (!either.aborted) throw error;
      return refused({
        code: 'UPSTREAM_UNAVAILABLE',
        message: `${reasonOf(error)} within ${Math.round(timeoutMs / 1000)} s. Try again later.`,
      });
    }
  };
}

function reasonOf(error: unknown): string {
  return error instanceof UpstreamInterrupted
    ? `The plan was not made, because ${error.upstream} did not answer`
    : 'The plan was not made';
}

function hypotheticalCompose({ clock }: PlanComposeDeps, { name: owner }: Viewer, request: ComposeRequest): Compose {
  const submittedAt = clock.now();
  const expiresAt = new Date(submittedAt.getTime() + request.secondsToLive * 1000);
  return newCompose('0', { ...request, owner, idempotencyKey: null, submittedAt, expiresAt, stateReason: '' });
}

async function planInScratch(
  deps: PlanComposeDeps,
  viewer: Viewer,
  compose: Compose,
  signal: AbortSignal,
): Promise<Outcome<Plan>> {
  signal.throwIfAborted();
  const engine = await deps.engineFor(compose);
  if (!engine)
    return refused({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'The service has no engine for this source just now. Try again later, or ask the operators.',
    });
  const scratch = await mkdtemp(join(tmpdir(), 'odcs-plan-'));
  try {
    return await plan(deps, { viewer, compose, engine, scratch, signal });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function plan(deps: PlanComposeDeps, planning: Planning): Promise<Outcome<Plan>> {
  const { compose: request, engine, scratch, signal } = planning;
  const resolved = await deps.resolver.resolve(request, { scratch, signal, run: deps.run, log: () => {} });
  if ('failure' in resolved) return refusalOfFailure(resolved.failure, request);
  const { input } = resolved;
  const digest = sharingDigest({ request, engine: engine.name, fingerprint: input.fingerprint });
  const reused = digest === null ? null : await deps.store.transaction((tx) => tx.findReusable(digest));
  return reused ? planReuse(deps, planning, input, reused) : planGeneration(deps, planning, input, digest);
}

async function planReuse(
  deps: PlanComposeDeps,
  { viewer, compose }: Planning,
  input: ResolvedInput,
  reused: Compose,
): Promise<Outcome<Plan>> {
  const isShown = isReadable(reused, viewer.mayRead);
  return granted({
    compose: resolvedCompose(compose, input),
    source: reused.state === 'DONE' ? reused.source : input.source,
    packages: await packagesOf(deps, reused),
    reuses: isShown ? reused : null,
    reason: reuseReason(reused, isShown),
    queuePosition: null,
  });
}

async function planGeneration(
  deps: PlanComposeDeps,
  { compose: request, engine, scratch, signal }: Planning,
  input: ResolvedInput,
  digest: string | null,
): Promise<Outcome<Plan>> {
  const compose = resolvedCompose(request, input);
  const forecast = await deps.forecast({ compose, input, scratch, limit: MAX_PLANNED_PACKAGES, signal });
  if (forecast && 'failure' in forecast) return refusalOfFailure(forecast.failure, request);
  const waiting = engine.isLight ? 0 : (await deps.store.count({ states: ['WAIT'] }, READ_ALL)).count;
  return granted({
    compose,
    source: input.source,
    packages: forecast?.packages ?? null,
    reuses: null,
    reason: generationReason(request, engine, digest),
    queuePosition: waiting + 1,
  });
}

function resolvedCompose(compose: Compose, { overrides, source }: ResolvedInput): Compose {
  return { ...compose, ...overrides, source };
}

async function packagesOf({ packages }: PlanComposeDeps, reused: Compose): Promise<readonly PackageRecord[] | null> {
  if (reused.state !== 'DONE') return null;
  const [page] = await packages.pages([reused.id], { limit: MAX_PLANNED_PACKAGES }, READ_ALL);
  return page && !page.hasNextPage ? page.items : null;
}
