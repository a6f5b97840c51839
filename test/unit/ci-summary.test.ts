import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SUMMARY = fileURLToPath(new URL('../../.ci/summary.mjs', import.meta.url));

function summary(report: unknown, suiteExitCode: number, checksPassed: number, checksFailed: number) {
  const file = join(mkdtempSync(join(tmpdir(), 'odcs-ci-')), 'report.json');
  writeFileSync(file, JSON.stringify(report));
  const args = [SUMMARY, file, suiteExitCode, checksPassed, checksFailed].map(String);
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  return { last: lines.at(-1), lines, status };
}

function report(
  ...tests: { readonly status: string; readonly failureMessages: readonly string[]; readonly fullName: string }[]
) {
  const count = (wanted: string) => tests.filter(({ status }) => status === wanted).length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('skipped'),
    numTodoTests: 0,
    testResults: [{ name: '/a.test.ts', status: count('failed') > 0 ? 'failed' : 'passed', assertionResults: tests }],
  };
}

const passed = { status: 'passed', failureMessages: [], fullName: 'works' };
const flaky = { status: 'passed', failureMessages: ['expected 1 to be 2'], fullName: 'works sometimes' };
const failed = { status: 'failed', failureMessages: ['expected 1 to be 2'], fullName: 'fails' };

describe('the summary of CI', () => {
  it('counts tests and checks in its last line', () => {
    expect(summary(report(passed, passed), 0, 5, 0)).toMatchObject({
      last: '7 passed, 0 failed, 0 skipped',
      status: 0,
    });
    expect(summary(report(passed, failed), 1, 4, 1)).toMatchObject({
      last: '5 passed, 2 failed, 0 skipped',
      status: 1,
    });
  });

  it('lists tests that passed at their second try as flakes, by name', () => {
    const { lines, status } = summary(report(passed, flaky), 0, 5, 0);
    expect(lines.filter((line) => line.includes('works sometimes'))).toHaveLength(1);
    expect(lines.join()).not.toContain('works,');
    expect(status).toBe(0);
  });

  it('fails when the suite broke outside of any test, or left no report', () => {
    expect(summary(report(passed), 1, 5, 0)).toMatchObject({ last: '6 passed, 1 failed, 0 skipped', status: 1 });
    expect(summary(null, 1, 5, 0)).toMatchObject({ last: '5 passed, 1 failed, 0 skipped', status: 1 });
    const broken = { ...report(), testResults: [{ name: '/b.test.ts', status: 'failed', assertionResults: [] }] };
    expect(summary(broken, 1, 5, 0)).toMatchObject({ last: '5 passed, 1 failed, 0 skipped', status: 1 });
  });
});
