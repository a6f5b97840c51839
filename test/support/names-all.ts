// A message is free to change its words, but must name what it is about.

import { expect } from 'vitest';

/** Matches a text that holds every name. */
export function namesAll(...names: readonly string[]): unknown {
  const quoted = names.map((name) => `(?=[^]*${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})`);
  return expect.stringMatching(new RegExp(`^${quoted.join('')}`));
}
