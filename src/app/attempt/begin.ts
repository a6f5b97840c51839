// Where an attempt begins, in the database: the compose is this worker's from then on, or shares with one that began before.

import type { Compose } from '../../compose/compose.ts';
import { newIdentity } from '../../compose/pungi-identity.ts';
import { changeCompose } from '../change-compose.ts';
import { ReusableTaken, type ComposeTracking, type Engine } from '../ports.ts';
import { reuseResult, type SharingDeps } from '../share-compose.ts';

export interface BeginAttemptDeps extends SharingDeps {
  readonly workerId: string;
  /** Null: the ids of composes are this service's own. */
  readonly tracking: ComposeTracking | null;
}

/** Begun, or sharing with one that began before; null where it does not wait. */
export async function beginAttempt(
  deps: BeginAttemptDeps,
  composeId: string,
  engine: Engine | null,
): Promise<Compose | null> {
  try {
    return await beginOrJoin(deps, composeId, engine);
  } catch (error) {
    // Another one of the same digest began at the same moment: it can be seen now.
    if (error instanceof ReusableTaken) return beginOrJoin(deps, composeId, engine);
    throw error;
  }
}

function beginOrJoin(deps: BeginAttemptDeps, composeId: string, engine: Engine | null): Promise<Compose | null> {
  return deps.store.transaction(async (tx) => {
    const compose = await tx.lock(composeId);
    if (compose?.state !== 'WAIT') return null;
    const shared = compose.digest === null ? null : await reuseResult(deps, tx, compose, compose.digest);
    if (shared) return shared;
    const at = deps.clock.now();
    const identity =
      compose.pungiComposeId !== null || isNamedLater(deps, compose)
        ? {}
        : { pungiComposeId: newIdentity(compose.id, compose.composeType, at).id };
    const patch = { ...identity, ...(engine && { engineName: engine.name }) };
    const event = { type: 'BEGIN', at, workerId: deps.workerId } as const;
    return changeCompose(tx, compose, { event, by: 'system', patch }, deps.rules);
  });
}

/** What a raw configuration calls its release is not known before it is read, nor what others would call it. */
function isNamedLater({ tracking }: BeginAttemptDeps, { source }: Compose): boolean {
  return source.type === 'RAW_CONFIG' || (tracking !== null && source.type !== 'PULP');
}
