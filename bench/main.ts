// `npm run bench [-- api reuse latency subscribers engine]`: prints figures; run it on an idle machine. A figure is a time, or a
// ratio of two things that are measured in turn in one run, as medians of five.

import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../src/embedded-postgres/embedded-postgres.ts';
import { createLogger } from '../src/bootstrap/logger.ts';
import { benchApi } from './api.ts';
import { benchEngine } from './engine.ts';
import { benchLatency } from './latency.ts';
import { benchReuse } from './reuse.ts';
import { benchSubscribers } from './subscribers.ts';

const BENCHES = {
  api: benchApi,
  reuse: benchReuse,
  latency: benchLatency,
  subscribers: benchSubscribers,
  engine: benchEngine,
};
const selected = process.argv.slice(2);
const unknown = selected.filter((name) => !(name in BENCHES));
if (unknown.length > 0)
  throw new Error(`There is no bench ${unknown.join(', ')}. Use: ${Object.keys(BENCHES).join(', ')}`);

const directory = await mkdtemp(join(tmpdir(), 'odcs-bench-'));
await chmod(directory, 0o755);
const postgres = new EmbeddedPostgres({ dataDir: join(directory, 'data'), logger: createLogger('error') });
await postgres.start();
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (selected.length > 0 && !selected.includes(name)) continue;
    console.log(`\n## ${name}`);
    await bench({ databaseUrl: postgres.url, directory: join(directory, name) });
  }
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
