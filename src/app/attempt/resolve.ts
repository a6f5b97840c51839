// The first step of an attempt: determines the exact inputs of the compose and stores them, so that a later attempt or
// a renewal uses the same inputs.

import type { Compose } from '../../compose/compose.ts';
import { sharingDigest } from '../../compose/sharing.ts';
import type { AttemptDirectory, Engine, ResolvedInput } from '../ports.ts';
import { detachReusers } from '../detach-reusers.ts';
import { retryConnectionLoss } from '../retry-connection-loss.ts';
import type { Attempt } from './attempt.ts';
import type { Step } from './machine.ts';
import { descriptorOf } from '../../compose/sources/descriptors.ts';

export const RESOLVE_PHASE = 'RESOLVE';

export async function resolveSource(
  attempt: Attempt,
  engine: Engine,
  { scratch }: AttemptDirectory,
): Promise<Step<ResolvedInput>> {
  const { deps, compose, signal } = attempt;
  attempt.reporter.report(0, RESOLVE_PHASE);
  const resolved = await deps.resolver.resolve(compose, {
    scratch,
    signal,
    run: deps.processRunner((group) => attempt.registerProcessGroup(group)),
    log: (text) => attempt.appendLog(text),
  });
  if ('failure' in resolved) return { ok: false, failure: resolved.failure };
  const { input } = resolved;
  if (hasChangedSinceIdentified(compose, engine, input))
    await retryConnectionLoss(signal, () => detachReusers(deps, compose));
  await storeSource(attempt, input);
  attempt.compose = { ...compose, ...input.overrides };
  return { ok: true, value: input };
}

/** The reusers expect the content that the digest stands for. */
function hasChangedSinceIdentified(compose: Compose, { name }: Engine, { fingerprint }: ResolvedInput): boolean {
  const { digest, attempt, source } = compose;
  // An earlier attempt stores the arches and sigkeys of a published compose in the request, which changes its digest.
  const isComparable = attempt === 1 || !descriptorOf(source).resolvesRequest;
  return digest !== null && isComparable && digest !== sharingDigest({ request: compose, engine: name, fingerprint });
}

async function storeSource(attempt: Attempt, { source, overrides }: ResolvedInput): Promise<void> {
  await attempt.transaction(async (tx) => {
    const locked = await tx.lock(attempt.compose.id);
    if (locked?.state === 'GENERATING' && locked.attempt === attempt.number)
      await tx.patch(locked, { source, ...overrides });
  });
}
