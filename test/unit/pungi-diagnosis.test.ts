import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FailureCode } from '../../src/compose/failure.ts';
import { diagnose, type PungiRun } from '../../src/engines/pungi/diagnosis.ts';
import { aGeneration } from '../support/generation.ts';
import { NO_KOJI } from '../support/golden-configurations.ts';

const RECORDINGS = join(import.meta.dirname, '..', 'support', 'fake-pungi', 'recordings');
const recording = (name: string) => readFileSync(join(RECORDINGS, name), 'utf8').trimEnd().split('\n');

function run(overrides: Partial<PungiRun['result']>, output: readonly string[], status: string | null): PungiRun {
  const result = { exitCode: null, signal: null, aborted: false, timedOut: false, survivors: [], ...overrides };
  return { result, output, status, timeoutMs: 3_600_000 };
}

// The table of exit codes in what was measured of Pungi; the rows that need its files are tests of the engine.
const rows: readonly (readonly [string, PungiRun, FailureCode, RegExp])[] = [
  ['a bad argument', run({ exitCode: 2 }, ['usage: pungi-koji [-h]', 'pungi-koji: error: must specify label for a production compose'], null), 'ENGINE_FAILED', /refuses the command line/],
  ['a configuration that does not validate', run({ exitCode: 1 }, recording('failure-config.stderr'), null), 'ENGINE_FAILED', /refuses the configuration/],
  ['a configuration that is not JSON', run({ exitCode: 1 }, ['Exception: Expecting value: line 1'], null), 'ENGINE_FAILED', /refuses the configuration/],
  ['invalid variants', run({ exitCode: 1 }, recording('failure-bad-variants.pungi.global.log'), 'DOOMED'), 'ENGINE_FAILED', /Variants XML doesn't validate/],
  ['an unsatisfied dependency', run({ exitCode: 1 }, recording('failure-check-deps.pungi.global.log'), 'DOOMED'), 'UNSATISFIED_DEPENDENCIES', /epsilon\.noarch requires nonexistent-thing >= 5 \(x86_64\)/],
  ['a source without a cause in its log', run({ exitCode: 1 }, recording('failure-no-repo.pungi.global.log'), 'DOOMED'), 'ENGINE_FAILED', /could not read the source repository for x86_64/],
  ['a run on a finished directory', run({ exitCode: 1 }, ['RuntimeError: Invalid compose status: FINISHED'], 'FINISHED'), 'ENGINE_FAILED', /failed/],
  ['a SIGTERM of somebody else', run({ exitCode: 1 }, recording('sigterm-in-gather.pungi.global.log'), 'TERMINATED'), 'ENGINE_FAILED', /failed/],
  ['a SIGTERM right at the start', run({ signal: 'SIGTERM' }, [], null), 'ENGINE_FAILED', /killed \(SIGTERM\)/],
  ['a SIGKILL', run({ signal: 'SIGKILL' }, [], 'STARTED'), 'ENGINE_FAILED', /killed \(SIGKILL\)/],
  ['a timeout', run({ signal: 'SIGKILL', timedOut: true }, [], 'TERMINATED'), 'TIMED_OUT', /3600 seconds/],
  ['a program that is not there', run({ exitCode: 127 }, ['sh: 1: exec: pungi-koji: not found'], null), 'ENGINE_FAILED', /cannot be started/],
];

describe('why Pungi failed', () => {
  it.each(rows)('is told after %s', async (_, given, code, message) => {
    await using test = await aGeneration('/srv/repo');
    const failure = await diagnose(given, test.generation);
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
    expect(failure.details ?? '').not.toMatch(/Traceback|traceback/);
  });

  it('tells a Koji that is away from RPMs that are unsigned, and both from files that are not mounted', async () => {
    await using test = await aGeneration('/srv/repo');
    const koji = (sigkeys: readonly string[]) => ({ ...test.generation, compose: { ...test.generation.compose, sigkeys }, input: { ...test.generation.input, koji: NO_KOJI } });
    const away = run({ exitCode: 1 }, ["2026-11-22 10:00:00 [ERROR   ] Compose run failed: HTTPSConnectionPool(host='koji.example', port=443): Max retries exceeded with url: /kojihub"], 'DOOMED');
    const notFound = run({ exitCode: 1 }, ["2026-11-22 10:00:00 [ERROR   ] Compose run failed: RPM(s) not found for sigs: ['abcdef12']. Check log for details."], 'DOOMED');
    expect(await diagnose(away, koji([]))).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: true, message: 'Koji (fedora) does not answer Pungi; try again later.' });
    expect(await diagnose(notFound, koji(['abcdef12']))).toMatchObject({ code: 'UNSIGNED_PACKAGES' });
    expect(await diagnose(notFound, koji(['abcdef12', '']))).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('topDir') as string });
    expect(await diagnose(away, test.generation)).toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('is what stands in the details, and no more than 2,000 characters of it', async () => {
    await using test = await aGeneration('/srv/repo');
    const many = Array.from({ length: 400 }, (_, index) => `2026-11-22 10:00:00 [ERROR   ] problem ${index}`);
    const failure = await diagnose(run({ exitCode: 1 }, many, 'DOOMED'), test.generation);
    expect(failure.details?.length).toBe(2_000);
    const config = await diagnose(run({ exitCode: 1 }, recording('failure-config.stderr'), null), test.generation);
    expect(config.details).toBe("Failed validation in release_version: 1 is not of type 'string'");
  });
});
