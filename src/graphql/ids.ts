// Ids of composes are PostgreSQL bigints in decimal. Anything else is the id of nothing, and must not reach the database.

import { refusalError } from './errors.ts';

const DECIMAL = /^[1-9]\d{0,18}$/;
const MAX_BIGINT = 2n ** 63n - 1n;

export function isComposeId(id: string): boolean {
  return DECIMAL.test(id) && BigInt(id) <= MAX_BIGINT;
}

/** The id, or the error that a client gets for one that nothing can have. */
export function knownId(id: string): string {
  if (!isComposeId(id)) throw refusalError({ code: 'NOT_FOUND', message: `There is no compose ${id.slice(0, 40)}` });
  return id;
}
