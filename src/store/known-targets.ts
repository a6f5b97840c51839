// Which target directories somebody has configured, by the database's clock. Missing is counted from when that is noticed:
// while nobody runs at all, nothing goes missing.

import type { KnownTargets, RunStatement } from '../app/ports.ts';

const KNOW = `
  insert into target_dir (name) select unnest($1::text[]) order by 1
  on conflict (name) do update set known_at = clock_timestamp(), missing_since = null`;
// Each is told again every minute.
const NOTICE =
  "update target_dir set missing_since = clock_timestamp() where missing_since is null and known_at < clock_timestamp() - interval '10 minutes'";
const MISSING =
  "select name from target_dir where missing_since <= clock_timestamp() - $1 * interval '1 second' order by name";

export function knownTargets(run: RunStatement): KnownTargets {
  return {
    async know(names) {
      await run(KNOW, [names]);
    },
    async missingFor(seconds) {
      await run(NOTICE, []);
      return (await run<{ name: string }>(MISSING, [seconds])).map(({ name }) => name);
    },
  };
}
