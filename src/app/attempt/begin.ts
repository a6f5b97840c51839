// Begins an attempt in the database: assigns the compose to this worker, or makes it a reuser if a compose with the same
// digest exists.

import type { Compose } from '../../compose/compose.ts';
import { newIdentity } from '../../compose/pungi-identity.ts';
import { descriptorOf } from '../../compose/sources/descriptors.ts';
import { changeCompose } from '../change-compose.ts';
import { ReusableTaken, type ComposeTracking, type Engine } from '../ports.ts';
import { reuseResult, type ReuseDeps } from '../reuse-result.ts';

export interface BeginAttemptDeps extends ReuseDeps {
  readonly workerId: string;
  /** Null: no tracking service is configured, and this service numbers its composes itself. */
  readonly tracking: ComposeTracking | null;
}

/** The compose, begun or a reuser; null if it is not in WAIT. */
export async function beginAttempt(
  deps: BeginAttemptDeps,
  composeId: string,
  engine: Engine | null,
): Promise<Compose | null> {
  try {
    return await beginOrReuse(deps, composeId, engine);
  } catch (error) {
    // Another compose with the same digest has just begun and is committed by now.
    if (error instanceof ReusableTaken) return beginOrReuse(deps, composeId, engine);
    throw error;
  }
}

function beginOrReuse(deps: BeginAttemptDeps, composeId: string, engine: Engine | null): Promise<Compose | null> {
  return deps.store.transaction(async (tx) => {
    const compose = await tx.lock(composeId);
    if (compose?.state !== 'WAIT') return null;
    const reuser = compose.digest === null ? null : await reuseResult(deps, tx, compose, compose.digest);
    if (reuser) return reuser;
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

/** A raw configuration names its own release, and a tracking service assigns ids only once the attempt has begun. */
function isNamedLater({ tracking }: BeginAttemptDeps, { source }: Compose): boolean {
  const { output } = descriptorOf(source);
  return output === 'variants' || (tracking !== null && output === 'repository');
}
