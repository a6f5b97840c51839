// The light half of generating: looks at what the source holds, and shares a result that is there or under way instead
// of generating it again. Where there is none, or where looking fails, the compose goes on to the lane of the engines,
// whose attempt finds the true reason.

import { sharingDigest } from '../../compose/sharing.ts';
import type { Compose } from '../../compose/compose.ts';
import type { Engine, Logger, SourceResolver } from '../ports.ts';
import { reuseResult, type SharingDeps } from '../share-compose.ts';

export interface PrepareComposeDeps extends SharingDeps {
  readonly resolver: Pick<SourceResolver, 'identify'>;
  readonly engineFor: (compose: Compose) => Promise<Engine | null>;
  readonly logger: Logger;
  /** How long a look at a source may take; 20 s where nothing is said. */
  readonly identifyMs?: number;
}

const IDENTIFY_MS = 20_000;

/** `generate`: the engine of this compose is light, and whoever prepares it is to generate it as well. */
export async function prepareCompose(
  deps: PrepareComposeDeps,
  composeId: string,
  signal: AbortSignal,
): Promise<'prepared' | 'generate'> {
  const compose = await deps.store.find(composeId);
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
  const deadline = AbortSignal.timeout(deps.identifyMs ?? IDENTIFY_MS);
  const identified = await deps.resolver
    .identify(compose, AbortSignal.any([signal, deadline]))
    .catch((error: unknown) => {
      if (signal.aborted || !deadline.aborted) throw error;
      return null;
    });
  if (!identified) {
    deps.logger.info({ composeId: compose.id }, 'The source did not answer in time; its attempt will tell why');
    return null;
  }
  if ('fingerprint' in identified)
    return sharingDigest({ request: compose, engine: engine.name, fingerprint: identified.fingerprint });
  deps.logger.info(
    { composeId: compose.id, code: identified.failure.code },
    'The source cannot be identified; its attempt will tell why',
  );
  return null;
}
