// What every npm script starts with. Plain JavaScript for Node ≥ 20 with no dependency, because it runs before there is
// any: it installs the locked dependencies where they are missing or stale, compiles what changed, and hands over to
// the pinned Node. Two launches at once do the work once.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  bench: { needs: [dependencies, compiled], run: ['--experimental-transform-types', '--no-warnings', 'bench/main.ts'] },
  chaos: { needs: [dependencies, compiled, systemTools], run: ['test/support/chaos/main.ts'] },
  schema: { needs: [dependencies, compiled], run: ['dist/graphql/emit-schema.js'] },
  build: { needs: [dependencies, compiled], run: ['-e', ''] },
};

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (!command) {
  console.error(`launch: unknown command ${name}; one of ${Object.keys(COMMANDS).join(', ')}`);
  process.exit(2);
}
for (const need of command.needs) await once(need);
handOver([...command.run, ...args]);

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

/** Runs `need` while no other launch in this checkout does; a lock whose holder is gone is taken over. */
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
    // Without a pid file the holder is between its mkdir and its write, unless the lock has been there for long.
    if (error.code === 'ENOENT') return existsSync(lock) && Date.now() - statSync(lock).mtimeMs < 5_000;
    return error.code === 'EPERM';
  }
}

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
  // A terminal's Ctrl-C reaches the child by itself; forwarded too it would count as a second, impatient one.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + 15 : (code ?? 1)));
}
