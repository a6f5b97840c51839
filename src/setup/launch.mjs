// The start of every npm script: installs the locked dependencies if they are missing or stale, compiles what changed,
// then runs the command on the pinned Node.js. Plain JavaScript for Node.js ≥ 20 without dependencies, because it runs
// before there are any. Several launches in one checkout install and compile once.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = join(root, 'node_modules', '.bin');
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` };

const COMMANDS = {
  start: { needs: [dependencies, compiled], run: ['dist/main.js'] },
  demo: { needs: [dependencies, compiled, systemTools], run: ['dist/demo/main.js'] },
  test: {
    needs: [dependencies, compiled, systemTools],
    run: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'],
  },
  'test:watch': {
    needs: [dependencies, compiled, systemTools],
    run: ['node_modules/vitest/vitest.mjs', 'watch', '--config', 'test/vitest.config.ts'],
  },
  bench: { needs: [dependencies, compiled], run: ['--experimental-transform-types', '--no-warnings', 'bench/main.ts'] },
  chaos: { needs: [dependencies, compiled, systemTools], run: ['test/support/chaos/main.ts'] },
  acceptance: { needs: [dependencies, compiled, systemTools], choose: acceptanceTest },
  schema: { needs: [dependencies, compiled], run: ['dist/graphql/emit-schema.js'] },
  docs: { needs: [dependencies, compiled], run: ['dist/docs/main.js'] },
  build: { needs: [dependencies, compiled], run: ['-e', ''] },
};

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (!command) fail(`There is no command ${name}. Use one of: ${Object.keys(COMMANDS).join(', ')}.`);
const argv = command.choose ? command.choose(args) : [...command.run, ...args];
for (const need of command.needs) await once(need);
handOver(argv);

/** The file test/acceptance/NAME.*, and the arguments behind the name. */
function acceptanceTest([test, ...rest]) {
  const directory = join('test', 'acceptance');
  const files = readdirSync(join(root, directory));
  const file = files.find((entry) => basename(entry, extname(entry)) === test);
  const names = files.map((entry) => basename(entry, extname(entry))).join(', ');
  if (!file) fail(`${test ? `There is no acceptance test ${test}` : 'Name an acceptance test'}: ${names}.`);
  return [join(directory, file), ...rest];
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

function dependencies() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.installed');
  if (existsSync(pinnedNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('Installing dependencies (npm ci) …');
  must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

function compiled() {
  const stamp = join(root, 'dist', '.compiled');
  const sources = ['tsconfig.json', 'package-lock.json', 'migrations', 'src'].map((path) => newest(join(root, path)));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= Math.max(...sources)) return;
  console.error('Compiling …');
  const startedAt = new Date();
  must(pinnedNode, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
  writeFileSync(stamp, startedAt.toISOString());
}

async function systemTools() {
  const { ensureSystemTools } = await import('./system-tools.mjs');
  ensureSystemTools();
}

/** Runs `need` while no other launch in this checkout runs one. Takes over the lock of a process that is gone. */
async function once(need) {
  const lock = join(root, '.launch-lock');
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!holderIsAlive(lock)) rmSync(lock, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    await need();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function holderIsAlive(lock) {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // A new lock has no pid file yet; an old one without it is abandoned.
    if (error.code === 'ENOENT') return existsSync(lock) && Date.now() - statSync(lock).mtimeMs < 5_000;
    return error.code === 'EPERM';
  }
}

/** When the file, or any file below the directory, changed last. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((entry) => newest(join(path, entry))));
}

function must(file, argv) {
  const { status, error } = spawnSync(file, argv, { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  console.error(error ? `${file}: ${error.message}` : `${file} ${argv.join(' ')} failed`);
  process.exit(status || 1);
}

function handOver(argv) {
  const child = spawn(pinnedNode, ['--enable-source-maps', ...argv], { cwd: root, env, stdio: 'inherit' });
  // A terminal sends SIGINT to the child, too. If this process forwarded it, the child would get it twice.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + 15 : (code ?? 1)));
}
