// Composes end by the clock as well: results go when they expire, removals that were cut off are finished, and a
// compose that nobody took for too long fails. What lies in a target directory that is not reachable from here is left to
// a process that reaches it.

import { changeCompose } from './change-compose.ts';
import { endPins } from './pin-compose.ts';
import type { DueQuery, Results } from './ports.ts';
import { finishRemoval, type RemoveComposeDeps } from './remove-compose.ts';

const BATCH = 100;
/** A removal that is under way in another process is not half done. */
const REMOVAL_GRACE_MS = 30_000;

export interface ExpireComposesDeps extends RemoveComposeDeps {
  readonly results: Pick<Results, 'remove' | 'latest' | 'reachable'>;
  readonly maxWaitSeconds: number;
}

export async function removeExpired(deps: ExpireComposesDeps): Promise<void> {
  const targetDirs: string[] = [];
  const except: string[] = [];
  await each(deps, await deps.results.reachable(), async (targetDir) => {
    // Where the links cannot be read nothing is removed: it might be what one leads to.
    except.push(...(await deps.results.latest(targetDir)));
    targetDirs.push(targetDir);
  });
  const due = await deps.store.due({ what: 'EXPIRED', at: deps.clock.now(), targetDirs, except, limit: BATCH });
  await each(deps, due, (id) => removeOne(deps, id));
}

async function removeOne(deps: ExpireComposesDeps, id: string): Promise<void> {
  const compose = await deps.store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    const at = deps.clock.now();
    if (!locked || locked.expiresAt > at) return null;
    const { compose: unpinned, heldBy } = await endPins(tx, locked, at, deps.rules);
    if (heldBy !== null) return null;
    return changeCompose(tx, unpinned, { event: { type: 'BEGIN_REMOVAL', at, by: 'system', reason: 'expired' }, by: 'system' }, deps.rules);
  });
  if (compose) await finishRemoval(deps, compose);
}

export async function finishHalfRemoved(deps: ExpireComposesDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - REMOVAL_GRACE_MS);
  const targetDirs = await deps.results.reachable();
  // To the end each time: those that cannot be finished yet stay due, and are not to keep later ones from their turn.
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const due: readonly string[] = await deps.store.due({ what: 'HALF_REMOVED', before, after, targetDirs, limit: BATCH });
    await each(deps, due, async (id) => {
      const compose = await deps.store.find(id);
      if (compose) await finishRemoval(deps, compose);
    });
    after = due.at(-1);
  }
}

export async function giveUpWaiting(deps: ExpireComposesDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.maxWaitSeconds * 1000);
  const due: DueQuery = { what: 'WAITED_TOO_LONG', before, limit: BATCH };
  await each(deps, await deps.store.due(due), async (id) => {
    await deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose) await changeCompose(tx, compose, { event: { type: 'GIVE_UP', at: deps.clock.now() }, by: 'system' }, deps.rules);
    });
  });
}

/** One after the other; one that cannot be seen to now holds no other up, and is due again. */
async function each({ logger }: ExpireComposesDeps, items: readonly string[], seeTo: (item: string) => Promise<void>): Promise<void> {
  for (const item of items) {
    await seeTo(item).catch((error: unknown) => logger.warn({ err: error, item }, 'What is due could not be seen to and is tried again'));
  }
}
