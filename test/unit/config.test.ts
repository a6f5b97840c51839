import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { helpText, loadConfig, SETTINGS } from '../../src/config/config.ts';

it('needs no setting at all', () => {
  expect(loadConfig({})).toMatchObject({
    ok: true,
    config: { HOST: '127.0.0.1', PORT: 8080, ODCS_ROLE: 'all', ODCS_ARCHES: ['x86_64'], repoRoots: ['/'] },
  });
});

it('names every mistake at once', () => {
  const loaded = loadConfig({ PORT: 'http', ODCS_ROLE: 'king', ODCS_CONCURRENCY: '0', ODCS_LINK: 'symlink' });
  expect(loaded.ok).toBe(false);
  const problems = loaded.ok ? [] : loaded.problems;
  for (const name of ['PORT', 'ODCS_ROLE', 'ODCS_CONCURRENCY', 'ODCS_LINK'])
    expect(
      problems.some((problem) => problem.startsWith(name)),
      name,
    ).toBe(true);
});

it('reads a YAML file under the environment, and knows no other keys', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'odcs-config-')), 'odcs.yaml');
  writeFileSync(file, 'PORT: 9000\nODCS_ARCHES: [x86_64, s390x]\nODCS_CONCURRENCY: 5\n');
  expect(loadConfig({ ODCS_CONFIG: file, PORT: '9001' })).toMatchObject({
    ok: true,
    config: { PORT: 9001, ODCS_ARCHES: ['x86_64', 's390x'], ODCS_CONCURRENCY: 5 },
  });
  writeFileSync(file, 'ODCS_PROT: 1\n');
  expect(loadConfig({ ODCS_CONFIG: file })).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('ODCS_PROT') as string],
  });
});

it('opens no local path to a service that others can reach', () => {
  expect(loadConfig({ HOST: '0.0.0.0' })).toMatchObject({ config: { hostIsLoopback: false, repoRoots: [] } });
});

it('wants a database where several processes make one service', () => {
  expect(loadConfig({ ODCS_ROLE: 'worker' })).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('DATABASE_URL') as string],
  });
});

it('documents every setting, in the help and in the README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  for (const [name, { shownDefault, help }] of Object.entries(SETTINGS)) {
    expect(helpText()).toContain(name);
    expect(readme).toContain(`| \`${name}\` | ${shownDefault} | ${help} |`);
  }
});
