// The second step of an attempt: reserves the id that Pungi gives the compose, then runs the engine.

import { failure } from '../../compose/failure.ts';
import { ownRelease } from '../../compose/pungi-identity.ts';
import type { AttemptDirectory, Engine, ResolvedInput } from '../ports.ts';
import type { Attempt } from './attempt.ts';
import type { Step } from './machine.ts';
import { reserveIdentity } from './reserve-identity.ts';

export async function runEngine(
  attempt: Attempt,
  engine: Engine,
  { directory, scratch }: AttemptDirectory,
  input: ResolvedInput,
): Promise<Step<null>> {
  const { compose, signal, deps } = attempt;
  const reserved = await reserveIdentity({ store: attempt, tracking: deps.tracking }, compose, {
    release: input.rawConfig?.release ?? ownRelease(compose.id),
    at: deps.clock.now(),
    signal,
  });
  if (!reserved) return { ok: false, failure: failure('INTERNAL', 'A later attempt of the compose has begun') };
  if ('failure' in reserved) return { ok: false, failure: reserved.failure };
  const failed = await engine.generate({
    compose,
    attempt: attempt.number,
    identity: reserved.identity,
    input,
    directory,
    scratch,
    signal,
    progress: (percent, phase, message) => attempt.reporter.report(percent, phase, message),
    log: (text) => attempt.appendLog(text),
    keepConfiguration: (dump) => (attempt.configuration = dump),
    registerProcessGroup: (group) => attempt.registerProcessGroup(group),
  });
  return failed ? { ok: false, failure: failed } : { ok: true, value: null };
}
