// Runs a chore's work for every compose that is due, one page after the other: composes that fail do not keep the rest
// from being handled.

import { forEachIsolated } from './for-each-isolated.ts';
import type { ComposeStore, Due, Logger } from './ports.ts';

export interface ForEachDueDeps {
  readonly store: Pick<ComposeStore, 'due'>;
  readonly logger: Logger;
  /** Ends the sweep early. */
  readonly signal?: AbortSignal;
}

const COMPOSES_PER_PAGE = 100;

export async function forEachDue(
  { store, logger, signal }: ForEachDueDeps,
  due: Due,
  handle: (id: string) => Promise<void>,
): Promise<void> {
  for (let last: string | undefined; ;) {
    const page = await store.due({ ...due, limit: COMPOSES_PER_PAGE, ...(last !== undefined && { after: last }) });
    await forEachIsolated(logger, page, handle, signal);
    last = page.at(-1);
    if (page.length < COMPOSES_PER_PAGE || signal?.aborted) return;
  }
}
