// What is due is seen to one by one, and what cannot be seen to keeps nobody else from their turn: it stays due.

import type { Logger } from './ports.ts';

export async function forEachIsolated(
  logger: Logger,
  items: readonly string[],
  seeTo: (item: string) => Promise<void>,
): Promise<void> {
  for (const item of items) {
    await seeTo(item).catch((error: unknown) =>
      logger.warn({ err: error, item }, 'What is due could not be seen to and is tried again'),
    );
  }
}
