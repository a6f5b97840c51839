// Runs one attempt of a compose, from the job to DONE, FAILED or back to WAIT. When it returns, no process of the engine
// is left, and the attempt's directory is published or in the trash.

import { createActor, toPromise } from 'xstate';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { READ_ALL } from '../../compose/read-policy.ts';
import { StorageError, type AttemptDirectory, type Engine } from '../ports.ts';
import { resolveReusers } from '../resolve-reusers.ts';
import { attachWaitingReusers } from '../reuse-result.ts';
import { Attempt, type AttemptDeps } from './attempt.ts';
import { beginAttempt } from './begin.ts';
import { outcomeOfError } from './error-outcome.ts';
import { runEngine } from './generate.ts';
import { attemptMachine, type AttemptOutcome, type AttemptSteps } from './machine.ts';
import { publishAttempt } from './publish.ts';
import { resolveSource } from './resolve.ts';
import { settleAttempt } from './settle.ts';
import { validatePackages } from './validate.ts';

/** Does nothing for a compose that is not in WAIT. Rejects, so that the job returns to the queue, if this worker cannot run it. */
export async function generateCompose(deps: AttemptDeps, composeId: string): Promise<void> {
  if (deps.attempts.isClosed) throw new Error('The worker is stopping; the job returns to the queue');
  const slot = deps.attempts.enter(composeId);
  if (!slot) return;
  try {
    const waiting = await deps.store.find(composeId, READ_ALL);
    if (waiting?.state !== 'WAIT') return;
    const problem = await deps.checkTarget(waiting.targetDir);
    if (problem) throw new StorageError(problem);
    const engine = await deps.engineFor(waiting);
    const compose = await beginAttempt(deps, composeId, engine);
    if (compose?.state !== 'GENERATING' || compose.reuses !== null) return;
    slot.entry.attempt = compose.attempt;
    await Promise.all([
      runAttempt(new Attempt(deps, compose, slot.entry.signal), engine),
      attachReusers(deps, composeId, compose.digest),
    ]);
    await resolveReusers(deps, composeId);
  } finally {
    slot.leave();
  }
}

async function attachReusers(deps: AttemptDeps, composeId: string, digest: string | null): Promise<void> {
  if (digest === null) return;
  await attachWaitingReusers(deps, digest).catch((error: unknown) =>
    deps.logger.warn(
      { err: error, composeId },
      'Waiting composes could not be attached to the compose that they reuse',
    ),
  );
}

async function runAttempt(attempt: Attempt, engine: Engine | null): Promise<void> {
  const { attempts } = attempt.deps;
  const deadline = setTimeout(() => attempts.stop(attempt.compose.id, 'TIMEOUT'), attempt.timeoutSeconds * 1000);
  const outcome = await runSteps(attempt, engine).finally(() => clearTimeout(deadline));
  attempt.logger.info({ outcome: outcome.type }, 'The attempt ended');
  await settleAttempt(attempt, outcome);
}

/** Cleans up before it returns: the outcome must not be visible while files or processes of the attempt remain. */
async function runSteps(attempt: Attempt, engine: Engine | null): Promise<AttemptOutcome> {
  let directory: AttemptDirectory | null = null;
  try {
    directory = await attempt.deps.results.beginAttempt(attempt.compose);
    if (!engine) return failed('ENGINE_FAILED', 'The worker does not have the engine that this compose needs');
    return await preferStorageFailure(attempt, await runMachine(stepsOf(attempt, engine, directory)));
  } catch (error) {
    return await preferStorageFailure(attempt, outcomeOfError(error, attempt));
  } finally {
    await cleanUp(attempt, directory);
  }
}

function runMachine(steps: AttemptSteps): Promise<AttemptOutcome> {
  const actor = createActor(attemptMachine, { input: steps });
  const ended = toPromise(actor);
  actor.start();
  return ended;
}

function stepsOf(attempt: Attempt, engine: Engine, directory: AttemptDirectory): AttemptSteps {
  return {
    signal: attempt.signal,
    resolve: () => resolveSource(attempt, engine, directory),
    generate: (input) => runEngine(attempt, engine, directory, input),
    validate: () => validatePackages(attempt, directory),
    publish: (input, packages) => publishAttempt(attempt, directory, input, packages),
  };
}

/** A full or absent disk fails an engine or a download in many ways; the check of the target directory names the cause. */
async function preferStorageFailure(attempt: Attempt, outcome: AttemptOutcome): Promise<AttemptOutcome> {
  if (outcome.type !== 'failed') return outcome;
  const { code, message, details } = outcome.failure;
  if (code !== 'ENGINE_FAILED' && code !== 'INTERNAL') return outcome;
  const problem = await targetProblem(attempt);
  if (!problem) return outcome;
  return { type: 'failed', failure: { ...problem, details: code === 'INTERNAL' ? null : (details ?? message) } };
}

/** The check must not reject: the attempt has an outcome already. */
async function targetProblem({ deps, compose, logger }: Attempt): Promise<ComposeFailure | null> {
  try {
    return await deps.checkTarget(compose.targetDir);
  } catch (error) {
    if (error instanceof StorageError) return error.failure;
    logger.warn({ err: error }, 'The target directory could not be checked');
    return null;
  }
}

async function cleanUp({ deps, compose, logger }: Attempt, directory: AttemptDirectory | null): Promise<void> {
  try {
    if (directory) await deps.results.trashAttempt(directory);
    await deps.forgetProcessGroups(compose);
  } catch (error) {
    logger.warn({ err: error }, 'The attempt could not be cleaned up; a later sweep retries');
  }
}

function failed(...args: Parameters<typeof failure>): AttemptOutcome {
  return { type: 'failed', failure: failure(...args) };
}
