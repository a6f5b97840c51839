// Makes a compose a reuser: it gets the result of the compose with the same digest that is DONE or being generated. A
// reuser points to the compose that generates the result, never to another reuser.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { resolvedAs } from '../compose/sharing.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import type { Clock, ComposeStore, ComposeTransaction } from './ports.ts';

export interface ReuseDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly rules: ChangeRules;
}

type TransactionDeps = Pick<ReuseDeps, 'clock' | 'rules'>;

/** The locked compose as a reuser; null if no other compose has the digest. Its own reusers follow it. */
export async function reuseResult(
  deps: TransactionDeps,
  tx: ComposeTransaction,
  compose: Compose,
  digest: string,
): Promise<Compose | null> {
  const reused = await tx.findReusable(digest);
  if (!reused || reused.id === compose.id) return null;
  const event = { type: 'SHARE', at: deps.clock.now(), reused: reused.id } as const;
  const reuser = await changeCompose(tx, compose, { event, by: 'system', patch: { digest } }, deps.rules);
  if (!reuser) return null;
  for (const follower of await tx.lockReusers(compose.id))
    await followReused(deps, tx, follower, reused, `Compose ${compose.id} reuses it as well`);
  return reused.state === 'DONE' ? finishReuser(deps, tx, reuser, reused) : reuser;
}

/** Makes the composes of the digest that are in WAIT reusers of the compose that has just begun. */
export async function attachWaitingReusers(deps: ReuseDeps, digest: string): Promise<void> {
  for (const id of await deps.store.waitingWithDigest(digest, READ_ALL)) {
    await deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose) await reuseResult(deps, tx, compose, digest);
    });
  }
}

/** Points a reuser to another compose. */
export async function followReused(
  deps: TransactionDeps,
  tx: ComposeTransaction,
  reuser: Compose,
  reused: Compose,
  reason: string,
): Promise<void> {
  const event = { type: 'FOLLOW', at: deps.clock.now(), reused: reused.id } as const;
  const following = await changeCompose(tx, reuser, { event, by: 'system', reason }, deps.rules);
  if (following && reused.state === 'DONE') await finishReuser(deps, tx, following, reused);
}

/** Makes a reuser DONE or FAILED, as the compose that it reuses is. */
export async function finishReuser(
  { clock, rules }: TransactionDeps,
  tx: ComposeTransaction,
  reuser: Compose,
  reused: Compose,
): Promise<Compose> {
  const happened = { at: clock.now(), attempt: reuser.attempt };
  const change = reused.failure
    ? { event: { ...happened, type: 'FAIL', failure: reused.failure } as const }
    : {
        event: { ...happened, type: 'SUCCEED' } as const,
        patch: {
          source: resolvedAs(reuser.source, reused.source),
          // The source may have prescribed these for the result.
          arches: reused.arches,
          sigkeys: reused.sigkeys,
        },
      };
  return (await changeCompose(tx, reuser, { ...change, by: 'system' }, rules)) ?? reuser;
}
