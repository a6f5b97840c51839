import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished } from 'vitest';
import { databaseTest as it } from '../support/fixtures.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Otherwise `npm start` installs, which replaces the modules that this test runs on. */
function isInstalled(): boolean {
  const stamp = join(ROOT, 'node_modules', '.installed');
  const lockFile = readFileSync(join(ROOT, 'package-lock.json'));
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === createHash('sha256').update(lockFile).digest('hex');
}

describe.runIf(isInstalled())('npm start', () => {
  it(
    'stops the service in order when npm gets SIGTERM, and exits after it',
    { timeout: 60_000 },
    async ({ directory, server }) => {
      const npm = spawn('npm', ['start'], {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: directory,
          PORT: '0',
          DATABASE_URL: server.url,
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
      // Standard error is closed, so the launcher and the service have exited.
      expect(messages).toContain('Stopping');
      expect(await exited).toEqual([0, null]);
    },
  );
});

function messageOf(line: string): unknown {
  return line.startsWith('{') ? (JSON.parse(line) as { readonly msg?: unknown }).msg : line;
}

/** Kills the processes that a failed test leaves behind. npm leads a process group. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}
