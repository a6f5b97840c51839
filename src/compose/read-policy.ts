// Which composes a read may find. The stores and the feed apply it, and every read needs one.

import type { Compose } from './compose.ts';

export interface ReadPolicy {
  /** The owners whose composes are found. A compose of another owner is absent: null, in no page, count or event. */
  readonly owners: 'ALL' | readonly string[];
}

/** For reads of the service itself, and for viewers that may read everything. */
export const READ_ALL: ReadPolicy = Object.freeze({ owners: 'ALL' });

export function isReadable({ owner }: Pick<Compose, 'owner'>, { owners }: ReadPolicy): boolean {
  return owners === 'ALL' || owners.includes(owner);
}
