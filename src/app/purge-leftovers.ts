// Trashes directories that are not needed any more: of removed composes, of unknown composes whose ids this database
// gave out, and of attempts that were interrupted. Each is checked under the row lock of its compose, which beginning,
// publishing and reusing need as well.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import type { Clock, ComposeStore, ComposeTransaction, Leftover, Logger, Results } from './ports.ts';

export interface PurgeLeftoversDeps {
  readonly store: ComposeStore;
  readonly results: Pick<
    Results,
    'reachableTargets' | 'findLeftovers' | 'latestComposeIds' | 'trashLeftover' | 'purgeTrash'
  >;
  /** Directories modified more recently stay: a process may still work on them. */
  readonly graceSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LEFTOVERS_PER_QUERY = 500;

export async function purgeLeftovers(deps: PurgeLeftoversDeps): Promise<void> {
  deps.results.purgeTrash();
  for (const targetDir of await deps.results.reachableTargets()) await purgeTarget(deps, targetDir);
}

async function purgeTarget(deps: PurgeLeftoversDeps, targetDir: string): Promise<void> {
  const { store, results, graceSeconds, clock } = deps;
  const found = await results.findLeftovers(targetDir, new Date(clock.now().getTime() - graceSeconds * 1000));
  // This database may be restored from a backup: it has not given out the ids above its last one.
  const last = await store.lastId();
  const ours = found.filter(({ id }) => BigInt(id) <= last);
  for (let start = 0; start < ours.length; start += LEFTOVERS_PER_QUERY) {
    const some = ours.slice(start, start + LEFTOVERS_PER_QUERY);
    const composes = await store.findMany(
      some.map(({ id }) => id),
      READ_ALL,
    );
    for (const [index, leftover] of some.entries()) {
      if (!isNeeded(leftover, composes[index] ?? null)) await trashLeftover(deps, targetDir, leftover);
    }
  }
}

async function trashLeftover(
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
      'A leftover could not be trashed; the next sweep retries it',
    );
  }
}

function isNeeded({ kind, attempt }: Leftover, compose: Compose | null): boolean {
  if (!compose) return false;
  if (kind === 'attempt') return compose.state === 'GENERATING' && compose.attempt === attempt;
  return compose.state !== 'REMOVED';
}

/** Whether reusers, or a pin of a removed compose, keep the files. */
async function isKept(tx: ComposeTransaction, { kind, id }: Leftover): Promise<boolean> {
  if (kind === 'attempt') return false;
  return (await tx.countReusers(id)) > 0 || (await tx.pins(id)).length > 0;
}
