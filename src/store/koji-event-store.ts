// Canonical events of Koji tags, replaced by compare-and-set: of two that found out at once, one wins and the other looks
// again.

import type { CanonicalEvent, KojiEventStore, RunStatement } from '../app/ports.ts';
import { prepared } from './prepared.ts';

const FIND = prepared('select event from koji_event where profile = $1 and tag = $2 and inheritance = $3');
const INSERT = prepared(
  'insert into koji_event (profile, tag, inheritance, event) values ($1, $2, $3, $4) on conflict do nothing returning event',
);
const REPLACE = prepared(
  'update koji_event set event = $4 where profile = $1 and tag = $2 and inheritance = $3 and event = $5 returning event',
);

export function kojiEventStore(run: RunStatement): KojiEventStore {
  return {
    async find(profile, tag, inheritance): Promise<CanonicalEvent | null> {
      const [row] = await run<{ event: string }>(FIND, [profile, tag, inheritance]);
      return row ? { profile, tag, inheritance, event: Number(row.event) } : null;
    },
    async replace(expected, { profile, tag, inheritance, event }) {
      const key = [profile, tag, inheritance, event];
      const changed = expected ? await run(REPLACE, [...key, expected.event]) : await run(INSERT, key);
      return changed.length > 0;
    },
  };
}
