// Ids of composes, which are PostgreSQL bigints in decimal, and the names of their directories, which contain them.

/** Source of a regular expression for the digits of an id, for names that contain one. */
export const COMPOSE_ID_DIGITS = '[1-9]\\d{0,18}';

const ID = new RegExp(`^${COMPOSE_ID_DIGITS}$`);
const DIRECTORY = new RegExp(`^odcs-(${COMPOSE_ID_DIGITS})$`);
const LARGEST = 2n ** 63n - 1n;

/** Whether a compose can have this id. Other texts must not reach the database, which would fail on them. */
export function isComposeId(text: string): boolean {
  return ID.test(text) && BigInt(text) <= LARGEST;
}

/** Name of the directory that a compose is published in. */
export function directoryName(id: string): string {
  return `odcs-${id}`;
}

/** The id of the compose that is published in a directory of this name; null for all other names. */
export function idOfDirectory(name: string): string | null {
  const [, id] = DIRECTORY.exec(name) ?? [];
  return id !== undefined && isComposeId(id) ? id : null;
}
