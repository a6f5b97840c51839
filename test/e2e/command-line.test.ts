// Options and exit codes of the service and of the launcher behind the npm scripts.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return spawnSync(process.execPath, [program, ...args], { cwd: ROOT, env, encoding: 'utf8' });
}

describe('main.js', () => {
  const main = (args: readonly string[], environment?: Readonly<Record<string, string>>) =>
    run('dist/main.js', args, environment);

  it('prints all settings with --help', () => {
    expect(main(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('ODCS_ENGINE_TIMEOUT_SECONDS') as string,
    });
  });

  it('prints the version of the package with --version', () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { readonly version: string };
    expect(main(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it('checks the configuration and exits with --check, and writes warnings to standard error', () => {
    expect(main(['--check'], { ODCS_MAX_WAIT: '60' })).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('ODCS_MAX_WAIT_SECONDS') as string,
    });
  });

  it('exits with 2 and names all wrong settings, without secrets', () => {
    const { status, stderr } = main(['--check'], { ODCS_ROLE: 'boss', DATABASE_URL: 'mysql://odcs:hunter2@db/odcs' });
    expect(status).toBe(2);
    expect(stderr).toContain('ODCS_ROLE');
    expect(stderr).toContain('DATABASE_URL');
    expect(stderr).not.toContain('hunter2');
    expect(main([], { PORT: 'x' }).status).toBe(2);
  });

  it('exits with 2 for an unknown option', () => {
    expect(main(['--chek']).status).toBe(2);
  });
});

describe('npm run acceptance', () => {
  it.each([[[]], [['no-such-test']]])('exits with 2 and names the acceptance tests for the arguments %j', (args) => {
    expect(run('src/setup/launch.mjs', ['acceptance', ...args])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/chaos.*pungi/) as string,
    });
  });
});
