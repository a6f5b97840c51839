// `npm run bench [-- api share latency subscribers engine]`: figures, by hand and on a machine that has nothing else to do. Each is a
// ratio of two things measured in turn in one run, medians of five, or a time; shared/numbers.md has the goals.

import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../src/embedded-postgres/embedded-postgres.ts';
import { createLogger } from '../src/bootstrap/logger.ts';
import { benchApi } from './api.ts';
import { benchEngine } from './engine.ts';
import { benchLatency } from './latency.ts';
import { benchSharing } from './sharing.ts';
import { benchSubscribers } from './subscribers.ts';

const BENCHES = {
  api: benchApi,
  share: benchSharing,
  latency: benchLatency,
  subscribers: benchSubscribers,
  engine: benchEngine,
};
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0)
  throw new Error(`No such bench: ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);

const directory = await mkdtemp(join(tmpdir(), 'odcs-bench-'));
await chmod(directory, 0o755);
const postgres = new EmbeddedPostgres({ dataDir: join(directory, 'data'), logger: createLogger('error') });
await postgres.start();
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.log(`\n## ${name}`);
    await bench({ databaseUrl: postgres.url, directory: join(directory, name) });
  }
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
