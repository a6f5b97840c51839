// Fails composes that no worker has taken for too long.

import { changeCompose, type ChangeRules } from './change-compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { Clock, ComposeStore } from './ports.ts';

export interface FailUnclaimedDeps extends ForEachDueDeps {
  readonly store: Pick<ComposeStore, 'due' | 'transaction'>;
  readonly clock: Clock;
  readonly rules: ChangeRules;
  /** The longest time that a compose may be in WAIT. */
  readonly maxWaitSeconds: number;
}

export async function failUnclaimed(deps: FailUnclaimedDeps): Promise<void> {
  const { store, clock, rules, maxWaitSeconds } = deps;
  const before = new Date(clock.now().getTime() - maxWaitSeconds * 1000);
  await forEachDue(deps, { what: 'WAITED_TOO_LONG', before }, async (id) => {
    await store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (!compose) return;
      await changeCompose(tx, compose, { event: { type: 'GIVE_UP', at: clock.now() }, by: 'system' }, rules);
    });
  });
}
