// Prepares a compose for generating: identifies the content of its source and reuses the result of an equal compose. If
// there is none, or the source cannot be identified, the compose moves on to the `generate` lane, whose attempt reports
// the failure.

import { sharingDigest } from '../../compose/sharing.ts';
import type { Compose } from '../../compose/compose.ts';
import { READ_ALL } from '../../compose/read-policy.ts';
import { UpstreamInterrupted, type Engine, type Logger, type SourceResolver } from '../ports.ts';
import { reuseResult, type ReuseDeps } from '../reuse-result.ts';

export interface PrepareComposeDeps extends ReuseDeps {
  readonly resolver: Pick<SourceResolver, 'identify'>;
  readonly engineFor: (compose: Compose) => Promise<Engine | null>;
  readonly logger: Logger;
  /** The longest time that identifying a source may take; default 20 s. */
  readonly identifyTimeoutMs?: number;
}

const IDENTIFY_TIMEOUT_MS = 20_000;

/** `generate`: the engine is light, so the caller runs the attempt at once. */
export async function prepareCompose(
  deps: PrepareComposeDeps,
  composeId: string,
  signal: AbortSignal,
): Promise<'prepared' | 'generate'> {
  const compose = await deps.store.find(composeId, READ_ALL);
  if (compose?.state !== 'WAIT') return 'prepared';
  const engine = await deps.engineFor(compose);
  if (engine?.isLight) return 'generate';
  const digest = await digestOf(deps, compose, engine, signal);
  await deps.store.transaction(async (tx) => {
    const locked = await tx.lock(composeId);
    if (locked?.state !== 'WAIT') return;
    if (digest !== null && (await reuseResult(deps, tx, locked, digest))) return;
    const known = digest === null ? locked : await tx.patch(locked, { digest });
    await tx.enqueue(known, 'generate');
  });
  return 'prepared';
}

async function digestOf(
  deps: PrepareComposeDeps,
  compose: Compose,
  engine: Engine | null,
  signal: AbortSignal,
): Promise<string | null> {
  if (!engine || compose.flags.includes('NO_REUSE')) return null;
  const deadline = AbortSignal.timeout(deps.identifyTimeoutMs ?? IDENTIFY_TIMEOUT_MS);
  const identified = await deps.resolver
    .identify(compose, AbortSignal.any([signal, deadline]))
    .catch((error: unknown) => {
      if (signal.aborted || !deadline.aborted) throw error;
      const upstream = error instanceof UpstreamInterrupted ? error.upstream : null;
      deps.logger.info(
        { composeId: compose.id, upstream },
        'Identifying the source timed out; its attempt reports the reason',
      );
      return null;
    });
  if (!identified) return null;
  if ('fingerprint' in identified)
    return sharingDigest({ request: compose, engine: engine.name, fingerprint: identified.fingerprint });
  deps.logger.info(
    { composeId: compose.id, code: identified.failure.code },
    'The source could not be identified; its attempt reports the reason',
  );
  return null;
}
