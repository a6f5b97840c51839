import { p } from '@mikro-orm/core';

/** A `timestamptz(3)`: a JavaScript date has milliseconds. */
export function instant() {
  return p.datetime(3);
}
