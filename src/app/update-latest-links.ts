// Moves the `latest-*` links of a raw configuration to its latest DONE compose. That happens after the commit that makes
// the compose DONE; `linksDue` in its row records that it must still happen, also after a crash.

import type { Compose } from '../compose/compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { ComposeStore, Results } from './ports.ts';

export interface UpdateLatestLinksDeps {
  readonly store: Pick<ComposeStore, 'transaction'>;
  readonly results: Pick<Results, 'linkLatest'>;
}

/** The row lock excludes a removal, so that no link ever points to a compose that is being removed. */
export async function updateLatestLinks({ store, results }: UpdateLatestLinksDeps, id: string): Promise<void> {
  await store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) return;
    // One process at a time, so that none acts on an outdated answer about which compose is newer.
    await tx.lockLatest(compose.targetDir);
    if (compose.state === 'DONE' && compose.removingAt === null)
      await results.linkLatest(compose, async (other) => isNewer(await tx.find(other), compose));
    await tx.patch(compose, { linksDue: false });
  });
}

function isNewer(other: Compose | null, { doneAt }: Compose): boolean {
  return other?.state === 'DONE' && other.doneAt !== null && doneAt !== null && other.doneAt > doneAt;
}

export async function updateDueLatestLinks(
  deps: UpdateLatestLinksDeps & ForEachDueDeps & { readonly results: Pick<Results, 'reachableTargets'> },
): Promise<void> {
  const targetDirs = await deps.results.reachableTargets();
  await forEachDue(deps, { what: 'LATEST_LINKS', targetDirs }, (id) => updateLatestLinks(deps, id));
}
