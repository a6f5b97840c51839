// Directories that nobody will ever ask for again: of composes that are removed, that this database does not know though
// it gave out their ids, and of attempts that were cut off. Each is judged under the lock of its compose's row, which
// whoever begins, publishes or shares needs as well, and goes to the trash in one rename. What is in there already goes, too.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import type { Clock, ComposeStore, ComposeTransaction, Leftover, Logger, Results } from './ports.ts';

export interface PurgeLeftoversDeps {
  readonly store: ComposeStore;
  readonly results: Pick<
    Results,
    'reachableTargets' | 'findLeftovers' | 'latestComposeIds' | 'trashLeftover' | 'purgeTrash'
  >;
  /** What was touched since is let be: somebody may be at work on it, or looking into it. */
  readonly graceSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const AT_A_TIME = 500;

export async function purgeLeftovers(deps: PurgeLeftoversDeps): Promise<void> {
  deps.results.purgeTrash();
  for (const targetDir of await deps.results.reachableTargets()) await sweepTarget(deps, targetDir);
}

async function sweepTarget(deps: PurgeLeftoversDeps, targetDir: string): Promise<void> {
  const { store, results, graceSeconds, clock } = deps;
  const found = await results.findLeftovers(targetDir, new Date(clock.now().getTime() - graceSeconds * 1000));
  // Ids above are none of this database's, whatever they are: it may be a restored one.
  const last = await store.lastId();
  const ours = found.filter(({ id }) => BigInt(id) <= last);
  for (let start = 0; start < ours.length; start += AT_A_TIME) {
    const some = ours.slice(start, start + AT_A_TIME);
    const composes = await store.findMany(
      some.map(({ id }) => id),
      READ_ALL,
    );
    for (const [index, leftover] of some.entries()) {
      if (!isNeeded(leftover, composes[index] ?? null)) await clearAway(deps, targetDir, leftover);
    }
  }
}

async function clearAway(
  { store, results, logger }: PurgeLeftoversDeps,
  targetDir: string,
  leftover: Leftover,
): Promise<void> {
  try {
    await store.transaction(async (tx) => {
      const compose = await tx.lock(leftover.id);
      if (isNeeded(leftover, compose) || (await isKept(tx, leftover))) return;
      if (leftover.kind === 'published' && (await results.latestComposeIds(targetDir)).has(leftover.id)) return;
      await results.trashLeftover(targetDir, leftover);
      logger.info(
        { targetDir, path: leftover.path, state: compose?.state ?? 'unknown' },
        'A leftover was moved to the trash',
      );
    });
  } catch (error) {
    logger.warn(
      { targetDir, path: leftover.path, err: error },
      'A leftover cannot be cleared away; it will be tried again',
    );
  }
}

function isNeeded({ kind, attempt }: Leftover, compose: Compose | null): boolean {
  if (!compose) return false;
  if (kind === 'attempt') return compose.state === 'GENERATING' && compose.attempt === attempt;
  return compose.state !== 'REMOVED';
}

/** By those that share it, or by a pin that outlived the record. */
async function isKept(tx: ComposeTransaction, { kind, id }: Leftover): Promise<boolean> {
  if (kind === 'attempt') return false;
  return (await tx.countReusers(id)) > 0 || (await tx.pins(id)).length > 0;
}
