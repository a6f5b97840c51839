// `npm start` under a supervisor, which sends its signals to npm.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let directory: string;
let database: TestDatabase;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-npm-start-'));
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** Otherwise `npm start` would install, and replace the modules that this test runs on. */
function isInstalled(): boolean {
  const stamp = join(ROOT, 'node_modules', '.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

it.runIf(isInstalled())(
  'npm start stops the service in order when npm itself gets SIGTERM, and ends when it has',
  async () => {
    const npm = spawn('npm', ['start'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: directory,
        PORT: '0',
        DATABASE_URL: database.url,
        ODCS_DATA_DIR: directory,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    onTestFinished(() => killGroup(npm.pid));
    const exited = once(npm, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const messages: unknown[] = [];
    for await (const line of createInterface({ input: npm.stderr })) {
      messages.push(messageOf(line));
      if (messages.at(-1) === 'Serving') npm.kill('SIGTERM');
    }
    // Standard error is closed, so neither the launcher nor the service is alive.
    expect(messages).toContain('Stopping');
    expect(await exited).toEqual([0, null]);
  },
  60_000,
);

function messageOf(line: string): unknown {
  return line.startsWith('{') ? (JSON.parse(line) as { readonly msg?: unknown }).msg : line;
}

/** Kills what a failed test leaves behind. npm leads a process group. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
