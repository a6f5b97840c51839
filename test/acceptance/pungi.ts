// Runs the tests that need a real Pungi. The suite skips them where pungi-koji is not on the PATH; this fails instead.

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const onPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((directory) => existsSync(join(directory, 'pungi-koji')));
if (!onPath) {
  process.stderr.write(
    'pungi-koji is not on the PATH. Install Pungi (Fedora: dnf install pungi), then run this again.\n',
  );
  process.exit(1);
}
const tests = globSync('test/**/*.test.ts').filter((file) => readFileSync(file, 'utf8').includes("'pungi-koji'"));
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'];
const { status } = spawnSync(process.execPath, [...vitest, ...tests, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
