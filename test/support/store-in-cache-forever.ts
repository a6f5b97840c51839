// Run as a program, `store-in-cache-forever.ts TARGET INSTANCE`: stores files in the cache until it is killed.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createResults } from '../../src/results/directory-results.ts';
import { aCompose } from './composes.ts';
import { silentLogger } from './logger.ts';

const [target = '', instanceId = ''] = process.argv.slice(2);
const results = createResults({
  targetDirs: { default: target },
  instanceId,
  adopt: false,
  publicUrl: 'http://odcs',
  minFreeBytes: 0,
  logger: silentLogger,
  cache: { maxAgeSeconds: 3600, maxBytes: 1e9, clock: { now: () => new Date() } },
});
await results.start();
const attempt = await results.beginAttempt(aCompose({ id: String(process.pid), state: 'GENERATING', attempt: 1 }));
for (let round = 0; ; round++) {
  // Entries share their files with the attempt by hard links, so that each round needs new files.
  const from = join(attempt.directory, String(round));
  await mkdir(join(from, 'some'), { recursive: true });
  const paths = ['first', 'some/second', 'some/third'];
  for (const path of paths) await writeFile(join(from, path), `${process.pid} ${round} `.repeat(1000));
  await results.cache.store('k', attempt, { from, paths, rank: 1 });
  process.stdout.write('stored\n');
}
