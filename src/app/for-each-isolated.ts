// Processes items in order. A failing item is logged, and the others are still processed.

import type { Logger } from './ports.ts';

export async function forEachIsolated(
  logger: Logger,
  items: readonly string[],
  handle: (item: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (const item of items) {
    if (signal?.aborted) return;
    await handle(item).catch((error: unknown) =>
      logger.warn({ err: error, item }, 'An item of a chore failed; the next sweep retries it'),
    );
  }
}
