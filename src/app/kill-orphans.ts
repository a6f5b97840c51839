// Kills the engine processes that dead workers left on this host.

import pMap from 'p-map';
import type { Logger, OrphanedGroup, ProcessGroup, WorkerRegistry } from './ports.ts';

export interface KillOrphansDeps {
  readonly registry: Pick<WorkerRegistry, 'orphanedProcessGroups' | 'forgetProcessGroup'>;
  /** Kills a process group of this host and returns the processes that survived. Ignores a pid that was reused. */
  readonly terminateOrphan: (group: ProcessGroup) => Promise<readonly { readonly pid: number }[]>;
  readonly host: string;
  readonly logger: Logger;
}

/** A group that cannot be killed takes 10 s. */
const KILL_CONCURRENCY = 32;

/** A group of which a process survives stays registered, and the next call kills it again. */
export async function killOrphans(deps: KillOrphansDeps): Promise<void> {
  const groups = await deps.registry.orphanedProcessGroups(deps.host);
  await pMap(groups, (group) => killOrphan(deps, group), { concurrency: KILL_CONCURRENCY });
}

async function killOrphan({ registry, terminateOrphan, logger }: KillOrphansDeps, group: OrphanedGroup): Promise<void> {
  const { composeId, pgid } = group;
  logger.warn({ composeId, pgid }, 'Killing the processes of a lost worker');
  try {
    const survivors = await terminateOrphan(group);
    if (survivors.length === 0) await registry.forgetProcessGroup(group);
    else logger.warn({ composeId, pgid, survivors }, 'Processes of a lost worker cannot be killed yet');
  } catch (error) {
    logger.warn({ err: error, composeId, pgid }, 'The processes of a lost worker could not be killed');
  }
}
