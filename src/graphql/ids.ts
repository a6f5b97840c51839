// Ids of composes are PostgreSQL bigints in decimal. Anything else is the id of nothing, and must not reach the database.

const DECIMAL = /^[1-9]\d{0,18}$/;
const MAX_BIGINT = 2n ** 63n - 1n;

export function isComposeId(id: string): boolean {
  return DECIMAL.test(id) && BigInt(id) <= MAX_BIGINT;
}
