// The links latest-… of composes of raw configurations. They lead to what is DONE and nothing else, so they are moved
// after the commit; what a crash in between leaves undone is known by its row, and the sweep makes up for it.

import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import type { ComposeStore, Logger, Results } from './ports.ts';
import { forEachIsolated } from './for-each-isolated.ts';

export interface UpdateLatestLinksDeps {
  readonly store: ComposeStore;
  readonly results: Pick<Results, 'linkLatest' | 'reachable'>;
  readonly logger: Logger;
}

const AT_A_TIME = 100;

/** Under the lock that a removal needs as well: a link never comes to lead to what goes. */
export async function updateLatestLinks(
  { store, results }: { readonly store: ComposeStore; readonly results: Pick<Results, 'linkLatest'> },
  id: string,
): Promise<void> {
  await store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) return;
    // One at a time: who came to be DONE later is not to be led away from.
    await tx.lockLatest(compose.targetDir);
    const isThere = compose.state === 'DONE' && compose.removingAt === null;
    if (isThere)
      await results.linkLatest(compose, async (other) => isNewer(await store.find(other, READ_ALL), compose));
    await tx.patch(compose, { linksDue: false });
  });
}

function isNewer(other: Compose | null, { doneAt }: Compose): boolean {
  return other?.state === 'DONE' && other.doneAt !== null && doneAt !== null && other.doneAt > doneAt;
}

export async function updateDueLatestLinks(deps: UpdateLatestLinksDeps): Promise<void> {
  const targetDirs = await deps.results.reachable();
  const due = await deps.store.due({ what: 'LINKS', targetDirs, limit: AT_A_TIME });
  await forEachIsolated(deps.logger, due, (id) => updateLatestLinks(deps, id));
}
