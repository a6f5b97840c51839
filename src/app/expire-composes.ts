// Composes end by the clock as well: results go when they expire, removals that were cut off are finished, and a
// compose that nobody took for too long fails. What lies in a target directory that is not reachable from here is left to
// a process that reaches it; where none even knows the directory, the record goes without the files.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { changeCompose } from './change-compose.ts';
import { endPins } from './pin-compose.ts';
import type { ComposeTransaction, DueQuery, KnownTargets, Results } from './ports.ts';
import { finishRemoval, type RemoveComposeDeps } from './remove-compose.ts';
import { forEachIsolated } from './for-each-isolated.ts';

const BATCH = 100;
/** A removal that is under way in another process is not half done. */
const REMOVAL_GRACE_MS = 30_000;
/** Those who know a target directory may be away for a night. */
const STRANDED_AFTER_SECONDS = 24 * 3_600;

export interface ExpireComposesDeps extends RemoveComposeDeps {
  readonly results: Pick<Results, 'remove' | 'latestTargets' | 'reachable'>;
  readonly maxWaitSeconds: number;
}

export async function removeExpired(deps: ExpireComposesDeps): Promise<void> {
  const targetDirs: string[] = [];
  const except: string[] = [];
  await forEachIsolated(deps.logger, await deps.results.reachable(), async (targetDir) => {
    // Where the links cannot be read nothing is removed: it might be what one leads to.
    except.push(...(await deps.results.latestTargets(targetDir)));
    targetDirs.push(targetDir);
  });
  const due = await deps.store.due({ what: 'EXPIRED', at: deps.clock.now(), targetDirs, except, limit: BATCH });
  await forEachIsolated(deps.logger, due, (id) => removeOne(deps, id));
}

async function removeOne(deps: ExpireComposesDeps, id: string): Promise<void> {
  const compose = await deps.store.transaction((tx) => beginRemovalOfExpired(deps, tx, id));
  if (compose) await finishRemoval(deps, compose);
}

/** Null where it has not expired, a pin holds it, or its removal has begun already. */
async function beginRemovalOfExpired(
  deps: ExpireComposesDeps,
  tx: ComposeTransaction,
  id: string,
): Promise<Compose | null> {
  const locked = await tx.lock(id);
  const at = deps.clock.now();
  if (!locked || locked.expiresAt > at) return null;
  const { compose, heldBy } = await endPins(tx, locked, at, deps.rules);
  if (heldBy !== null) return null;
  return changeCompose(
    tx,
    compose,
    { event: { type: 'BEGIN_REMOVAL', at, by: 'system', reason: 'expired' }, by: 'system' },
    deps.rules,
  );
}

export async function finishHalfRemoved(deps: ExpireComposesDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - REMOVAL_GRACE_MS);
  const targetDirs = await deps.results.reachable();
  // To the end each time: those that cannot be finished yet stay due, and are not to keep later ones from their turn.
  for (let after: string | undefined = '0'; after !== undefined;) {
    const due: readonly string[] = await deps.store.due({
      what: 'HALF_REMOVED',
      before,
      after,
      targetDirs,
      limit: BATCH,
    });
    await forEachIsolated(deps.logger, due, async (id) => {
      const compose = await deps.store.find(id, READ_ALL);
      if (compose) await finishRemoval(deps, compose);
    });
    after = due.at(-1);
  }
}

/** Should their directory come back one day, the sweep clears away what is in it of composes that are REMOVED. */
export async function expireUnreachable(
  deps: ExpireComposesDeps & { readonly knownTargets: Pick<KnownTargets, 'missingFor'> },
): Promise<void> {
  const targetDirs = await deps.knownTargets.missingFor(STRANDED_AFTER_SECONDS);
  if (targetDirs.length === 0) return;
  const due = await deps.store.due({ what: 'STRANDED', at: deps.clock.now(), targetDirs, limit: BATCH });
  await forEachIsolated(deps.logger, due, (id) => expireUnreachableOne(deps, id));
}

async function expireUnreachableOne(deps: ExpireComposesDeps, id: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    const removing = locked?.removingAt ? locked : await beginRemovalOfExpired(deps, tx, id);
    if (!removing) return;
    const reason = `${removing.removalReason ?? 'removed'}; its files are out of reach: the target directory ${removing.targetDir} is configured nowhere`;
    const removed = await changeCompose(
      tx,
      removing,
      { event: { type: 'REMOVED', at: deps.clock.now() }, by: removing.removedBy ?? 'system', reason },
      deps.rules,
    );
    if (!removed) return;
    if ((await tx.countReusers(id)) === 0) await tx.deletePackages(id);
    deps.logger.warn(
      { composeId: id, targetDir: removing.targetDir },
      'A compose was let go of without its files: its target directory is configured nowhere',
    );
  });
}

export async function failUnclaimed(deps: ExpireComposesDeps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.maxWaitSeconds * 1000);
  const due: DueQuery = { what: 'WAITED_TOO_LONG', before, limit: BATCH };
  await forEachIsolated(deps.logger, await deps.store.due(due), async (id) => {
    await deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose)
        await changeCompose(
          tx,
          compose,
          { event: { type: 'GIVE_UP', at: deps.clock.now() }, by: 'system' },
          deps.rules,
        );
    });
  });
}
