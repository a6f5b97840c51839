// One attempt at one compose, from the job to DONE, FAILED or back to WAIT. The attempt's number fences everything
// written; whatever ends the attempt, no process of its engine is left and its directory is published or in the trash.

import { createActor, toPromise } from 'xstate';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { laneOf } from '../../compose/lane.ts';
import type { LifecycleEvent } from '../../compose/machine.ts';
import { isGlob, missingPackages } from '../../compose/package-pattern.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import { ownRelease } from '../../compose/pungi-identity.ts';
import { sharingDigest } from '../../compose/sharing.ts';
import type { Attempts, RunningAttempt, StopCause } from './running-attempts.ts';
import { brokenFailure, lostCause } from './broken-attempt.ts';
import { beginAttempt } from './begin.ts';
import { changeCompose, type ChangeRules } from '../change-compose.ts';
import { generationMachine, type AttemptOutcome, type GenerationSteps, type Step } from './machine.ts';
import {
  StorageFailed,
  type AttemptDirectory,
  type Clock,
  type ComposeStore,
  type ComposeTracking,
  type ComposeTransaction,
  type Engine,
  type Logger,
  type PackageRecord,
  type ProcessGroup,
  type ProcessRunner,
  type ProgressStore,
  type ResolvedInput,
  type Results,
  type SourceResolver,
} from '../ports.ts';
import { attachWaitingReusers, detachReusers, resolveReusers } from '../share-compose.ts';
import { updateLatestLinks } from '../update-latest-links.ts';
import { reserveIdentity } from './reserve-identity.ts';
import { ProgressReporter } from './progress-reporter.ts';
import { whileConnected } from '../while-connected.ts';

export interface GenerateComposeDeps {
  readonly store: ComposeStore;
  readonly results: Results;
  readonly progress: Pick<ProgressStore, 'put'>;
  readonly resolver: SourceResolver;
  readonly engineFor: (compose: Compose) => Promise<Engine | null>;
  /** Null: the ids of composes are this service's own. */
  readonly tracking: ComposeTracking | null;
  readonly attempts: Attempts;
  /** Whether work may be begun for a target directory; null where it may. */
  readonly checkTarget: (targetDir: string) => Promise<ComposeFailure | null>;
  /** Runs a program whose process group is announced before it starts. */
  readonly processRunner: (register: (group: ProcessGroup) => Promise<void>) => ProcessRunner;
  readonly registerProcessGroup: (compose: Compose, group: ProcessGroup) => Promise<void>;
  readonly forgetProcessGroups: (compose: Compose) => Promise<void>;
  readonly workerId: string;
  /** How long the compose may take. */
  readonly timeoutSeconds: (compose: Compose) => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

/** Returns when the attempt has ended; a compose that does not wait any more is left alone. */
export async function generateCompose(deps: GenerateComposeDeps, composeId: string): Promise<void> {
  // The job goes back to the queue, for a worker that stays.
  if (deps.attempts.isClosed) throw new Error('This worker is stopping');
  const slot = deps.attempts.enter(composeId);
  if (!slot) return;
  try {
    const waiting = await deps.store.find(composeId);
    if (waiting?.state !== 'WAIT') return;
    // Nothing is begun that could not be published: the job goes back, for a worker that can.
    const problem = await deps.checkTarget(waiting.targetDir);
    if (problem) throw new StorageFailed(problem);
    const engine = await deps.engineFor(waiting);
    const compose = await beginAttempt(deps, composeId, engine);
    if (compose?.state !== 'GENERATING' || compose.reuses !== null) return;
    slot.entry.attempt = compose.attempt;
    // Whoever waits for the same joins while this one generates.
    const gathering = compose.digest === null ? Promise.resolve() : attachWaitingReusers(deps, compose.digest);
    await Promise.all([
      new Attempt(deps, compose, engine, slot.entry).run(),
      gathering.catch((error: unknown) => deps.logger.warn({ err: error, composeId }, 'Sharers could not be gathered')),
    ]);
    await resolveReusers(deps, composeId);
  } finally {
    slot.leave();
  }
}

class Attempt {
  readonly #deps: GenerateComposeDeps;
  #compose: Compose;
  readonly #engine: Engine | null;
  readonly #running: RunningAttempt;
  readonly #reporter: ProgressReporter;
  readonly #log: Logger;
  readonly #timeoutSeconds: number;
  #configuration: string | null = null;

  constructor(deps: GenerateComposeDeps, compose: Compose, engine: Engine | null, running: RunningAttempt) {
    this.#deps = deps;
    this.#compose = compose;
    this.#engine = engine;
    this.#running = running;
    this.#timeoutSeconds = deps.timeoutSeconds(compose);
    this.#reporter = new ProgressReporter(
      (progress) => deps.progress.put(compose.id, progress),
      compose.attempt,
      deps.clock,
    );
    this.#log = deps.logger.child({ composeId: compose.id, attempt: compose.attempt });
  }

  async run(): Promise<void> {
    const { results, attempts } = this.#deps;
    const deadline = setTimeout(() => attempts.stop(this.#compose.id, 'TIMEOUT'), this.#timeoutSeconds * 1000);
    const outcome = await this.#workIn(results).finally(() => clearTimeout(deadline));
    this.#log.info({ outcome: outcome.type }, 'The attempt ended');
    await this.#settle(outcome);
  }

  /** What the attempt left is out of the way before anybody learns how it ended. */
  async #workIn(results: Results): Promise<AttemptOutcome> {
    let place: AttemptDirectory | null = null;
    try {
      place = await results.begin(this.#compose);
      return await this.#blameStorage(await this.#work(place));
    } catch (error) {
      if (this.#running.signal.aborted) return { type: 'stopped' };
      const what = lostCause(error);
      if (what) {
        this.#log.warn({ err: error, what }, 'The attempt lost what it needs to end');
        return { type: 'lost', what };
      }
      this.#log.error({ err: error }, 'The attempt broke');
      return { type: 'failed', failure: brokenFailure(error) };
    } finally {
      await this.#cleanUp(place);
    }
  }

  /** An engine whose disk is full or gone says many things; the directory itself says what it was. */
  async #blameStorage(outcome: AttemptOutcome): Promise<AttemptOutcome> {
    if (outcome.type !== 'failed' || outcome.failure.code !== 'ENGINE_FAILED') return outcome;
    const problem = await this.#deps.checkTarget(this.#compose.targetDir);
    return problem
      ? { type: 'failed', failure: { ...problem, details: outcome.failure.details ?? outcome.failure.message } }
      : outcome;
  }

  async #work(place: AttemptDirectory): Promise<AttemptOutcome> {
    const engine = this.#engine;
    if (!engine)
      return {
        type: 'failed',
        failure: failure('ENGINE_FAILED', 'The engine that this compose needs is not there on its worker'),
      };
    const actor = createActor(generationMachine, { input: this.#steps(engine, place) });
    const ended = toPromise(actor);
    actor.start();
    return ended;
  }

  #steps(engine: Engine, place: AttemptDirectory): GenerationSteps {
    const { signal } = this.#running;
    return {
      signal,
      resolve: () => this.#resolve(engine, place),
      generate: async (input) => stepOf(await this.#generate(engine, place, input)),
      validate: () => this.#validate(place),
      publish: (input, packages) => this.#publish(place, input, packages),
    };
  }

  async #resolve(engine: Engine, { scratch }: AttemptDirectory): Promise<Step<ResolvedInput>> {
    this.#reporter.report(0, 'RESOLVE');
    const { signal } = this.#running;
    const run = this.#deps.processRunner((group) => this.#register(group));
    const answer = await this.#deps.resolver.resolve(this.#compose, {
      scratch,
      signal,
      run,
      log: (text) => this.#appendLog(text),
    });
    if ('failure' in answer) return { ok: false, failure: answer.failure };
    const { digest, attempt, source } = this.#compose;
    // An earlier attempt may have stored what a published compose told of arches and keys: then the request reads otherwise.
    const isComparable = digest !== null && (attempt === 1 || source.type !== 'PUNGI_COMPOSE');
    if (
      isComparable &&
      digest !== sharingDigest({ request: this.#compose, engine: engine.name, fingerprint: answer.input.fingerprint })
    ) {
      // The source changed since it was looked at: what comes of it is not what the others would have.
      await whileConnected(signal, () => detachReusers(this.#deps, this.#compose));
    }
    await this.#keepSource(answer.input);
    this.#compose = { ...this.#compose, ...answer.input.overrides };
    return { ok: true, value: answer.input };
  }

  /** What the source resolved to stays with the compose whatever becomes of it: renewed, it is the same again. */
  async #keepSource({ source, overrides: taken }: ResolvedInput): Promise<void> {
    const { id, attempt } = this.#compose;
    await this.#transaction(async (tx) => {
      const locked = await tx.lock(id);
      if (locked?.state === 'GENERATING' && locked.attempt === attempt) await tx.patch(locked, { source, ...taken });
    });
  }

  /** A blip of the database throws away nothing that took long to make. */
  #transaction<T>(work: (tx: ComposeTransaction) => Promise<T>): Promise<T> {
    return whileConnected(this.#running.signal, () => this.#deps.store.transaction(work));
  }

  #register(group: ProcessGroup): Promise<void> {
    return whileConnected(this.#running.signal, () => this.#deps.registerProcessGroup(this.#compose, group));
  }

  async #generate(engine: Engine, place: AttemptDirectory, input: ResolvedInput): Promise<ComposeFailure | null> {
    const compose = this.#compose;
    const release = input.rawConfig?.release ?? ownRelease(compose.id);
    const store = { transaction: <T>(work: (tx: ComposeTransaction) => Promise<T>) => this.#transaction(work) };
    const reserved = await reserveIdentity({ ...this.#deps, store }, compose, {
      release,
      at: this.#deps.clock.now(),
      signal: this.#running.signal,
    });
    if (!reserved) return failure('INTERNAL', 'The attempt is not the latest of its compose any more');
    if ('failure' in reserved) return reserved.failure;
    return engine.generate({
      compose,
      attempt: compose.attempt,
      identity: reserved.identity,
      input,
      directory: place.directory,
      scratch: place.scratch,
      signal: this.#running.signal,
      progress: (percent, phase, message) => this.#reporter.report(percent, phase, message),
      log: (text) => this.#appendLog(text),
      keepConfiguration: (dump) => (this.#configuration = dump),
      registerProcessGroup: (group) => this.#register(group),
    });
  }

  /** A finished engine is not yet a done compose: what was asked for must be in it. */
  async #validate(place: AttemptDirectory): Promise<Step<readonly PackageRecord[]>> {
    this.#reporter.report(97, 'VALIDATE');
    const { source } = this.#compose;
    // A .repo file for what others serve: there are no packages of its own.
    if (source.type === 'PULP') return { ok: true, value: [] };
    const packages = await this.#deps.results.readManifest(place);
    const asked = 'packages' in source ? source.packages : [];
    // Without dependencies a name is an expression, and the engine the judge of what it means.
    const named = this.#compose.flags.includes('NO_DEPS') ? asked.filter((name) => !isGlob(name)) : asked;
    const missing = await runInSlices(missingPackages(named, packages), this.#running.signal);
    if (missing.length === 0) return { ok: true, value: packages };
    return { ok: false, failure: failure('MISSING_PACKAGES', `Not in the source: ${missing.join(', ')}`) };
  }

  async #publish(
    place: AttemptDirectory,
    input: ResolvedInput,
    packages: readonly PackageRecord[],
  ): Promise<'published' | 'refused'> {
    const { results, clock, rules } = this.#deps;
    const { id, attempt } = this.#compose;
    const linksDue = this.#compose.source.type === 'RAW_CONFIG';
    this.#reporter.report(100, 'PUBLISH');
    await results.writeRepoFile(this.#compose, place);
    await results.flushLog(this.#compose, attempt);
    await this.#reporter.close();
    const done = await this.#transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (!compose) return null;
      // Committed, though the answer was lost.
      if (compose.state === 'DONE' && compose.attempt === attempt) return compose;
      const meanwhile = async () => {
        await tx.insertPackages(id, packages);
        await results.publish(compose, place);
      };
      const event = { type: 'SUCCEED', at: clock.now(), attempt } as const;
      return changeCompose(
        tx,
        compose,
        { event, by: 'system', patch: { source: input.source, linksDue, ...this.#keptConfiguration() }, meanwhile },
        rules,
      );
    });
    if (done && linksDue)
      await updateLatestLinks(this.#deps, id).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'The links to the latest compose are not moved yet; the sweep moves them'),
      );
    return done ? 'published' : 'refused';
  }

  /** Those that may be made again long after their configuration has gone. */
  #keptConfiguration(): { readonly pungiConfigDump?: string } {
    const { composeType } = this.#compose;
    return this.#configuration !== null && (composeType === 'PRODUCTION' || composeType === 'DEVELOPMENT')
      ? { pungiConfigDump: this.#configuration }
      : {};
  }

  /** What the compose becomes; stale attempts change nothing, because the machine refuses their number. */
  async #settle(outcome: AttemptOutcome): Promise<void> {
    if (outcome.type === 'published') return;
    await this.#deps.results.flushLog(this.#compose, this.#compose.attempt);
    await this.#reporter.close();
    const event = this.#eventOf(outcome);
    if (!event) return;
    await this.#transaction(async (tx) => {
      const compose = await tx.lock(this.#compose.id);
      if (!compose) return;
      // Publishing may have got as far as the rename.
      const meanwhile = () =>
        this.#deps.results
          .trashAttempts(compose)
          .catch((error: unknown) => this.#log.warn({ err: error }, 'What was not published is not out of the way'));
      const changed = await changeCompose(tx, compose, { event, by: 'system', meanwhile }, this.#deps.rules);
      if (changed?.state === 'WAIT') await tx.enqueue(changed, laneOf(changed));
    });
  }

  #eventOf(outcome: Exclude<AttemptOutcome, { type: 'published' }>): LifecycleEvent | null {
    const { attempt } = this.#compose;
    const at = this.#deps.clock.now();
    if (outcome.type === 'failed') return { type: 'FAIL', at, attempt, failure: outcome.failure };
    if (outcome.type === 'refused') return { type: 'CANCELED', at, attempt };
    // Refused where it is DONE after all.
    if (outcome.type === 'lost') return { type: 'LOSE', at, attempt, lost: outcome.what };
    const cause = this.#running.signal.reason as StopCause;
    switch (cause) {
      case 'CANCEL':
        return { type: 'CANCELED', at, attempt };
      case 'TIMEOUT':
        return {
          type: 'FAIL',
          at,
          attempt,
          failure: failure('TIMED_OUT', `Generating took longer than ${this.#timeoutSeconds} s`),
        };
      case 'DRAIN':
        return { type: 'HAND_BACK', at, attempt };
      case 'SUPERSEDED':
        return null;
    }
  }

  async #cleanUp(place: AttemptDirectory | null): Promise<void> {
    try {
      if (place) await this.#deps.results.trashAttempt(place);
      await this.#deps.forgetProcessGroups(this.#compose);
    } catch (error) {
      this.#log.warn({ err: error }, 'What the attempt left is not out of the way yet; the sweep will see to it');
    }
  }

  #appendLog(text: string): void {
    this.#deps.results.appendLog(this.#compose, this.#compose.attempt, text);
  }
}

function stepOf(failed: ComposeFailure | null): Step<null> {
  return failed ? { ok: false, failure: failed } : { ok: true, value: null };
}
