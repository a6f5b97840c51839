// Ends the sharing of a compose whose source changed after its digest was computed: its result is not what its reusers
// expect.

import type { Compose } from '../compose/compose.ts';
import { changeCompose } from './change-compose.ts';
import type { ReuseDeps } from './reuse-result.ts';

/** Gives the compose a digest that no other has, and returns its reusers to WAIT. Does nothing for a stale attempt. */
export async function detachReusers(deps: ReuseDeps, { id, attempt }: Compose): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    if (locked?.state !== 'GENERATING' || locked.attempt !== attempt) return;
    await tx.patch(locked, { digest: `unshared-${id}-${attempt}` });
    for (const reuser of await tx.lockReusers(id)) {
      const event = { type: 'TAKE_OVER', at: deps.clock.now() } as const;
      const reason = 'The source changed';
      const waiting = await changeCompose(tx, reuser, { event, by: 'system', reason }, deps.rules);
      if (waiting) await tx.enqueue(waiting, 'prepare');
    }
  });
}
