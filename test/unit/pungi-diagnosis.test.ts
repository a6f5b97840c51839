// Why a run of Pungi failed, from its exit code, its output and the logs of the programs that it ran.

import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FailureCode } from '../../src/compose/failure.ts';
import { diagnose, type PungiRun } from '../../src/engines/pungi/diagnosis.ts';
import { aGeneration } from '../support/generation.ts';
import { NO_KOJI } from '../support/golden-configurations.ts';

const RECORDINGS = join(import.meta.dirname, '..', 'support', 'fake-pungi', 'recordings');
const recording = (name: string) => readFileSync(join(RECORDINGS, name), 'utf8').trimEnd().split('\n');

function run(overrides: Partial<PungiRun['outcome']>, output: readonly string[], status: string | null): PungiRun {
  const outcome = { exitCode: null, signal: null, timedOut: false, survivors: [], output, ...overrides };
  return { outcome, status };
}

const failed = (reason: string) =>
  run({ exitCode: 1 }, [`2026-11-22 10:00:00 [ERROR   ] Compose run failed: ${reason}`], 'DOOMED');

// The exit codes that were measured with real Pungi. Cases that need its files are in test/contract/pungi-engine.test.ts.
const rows: readonly (readonly [string, PungiRun, FailureCode, RegExp])[] = [
  [
    'a bad argument',
    run(
      { exitCode: 2 },
      ['usage: pungi-koji [-h]', 'pungi-koji: error: must specify label for a production compose'],
      null,
    ),
    'ENGINE_FAILED',
    /command line/,
  ],
  [
    'a configuration that does not validate',
    run({ exitCode: 1 }, recording('failure-config.stderr'), null),
    'ENGINE_FAILED',
    /refuses the configuration/,
  ],
  [
    'a configuration that is not JSON',
    run({ exitCode: 1 }, ['Exception: Expecting value: line 1'], null),
    'ENGINE_FAILED',
    /refuses the configuration/,
  ],
  [
    'invalid variants',
    run({ exitCode: 1 }, recording('failure-bad-variants.pungi.global.log'), 'DOOMED'),
    'ENGINE_FAILED',
    /Variants XML doesn't validate/,
  ],
  [
    'an unsatisfied dependency',
    run({ exitCode: 1 }, recording('failure-check-deps.pungi.global.log'), 'DOOMED'),
    'UNSATISFIED_DEPENDENCIES',
    /epsilon\.noarch requires nonexistent-thing >= 5 \(x86_64\)/,
  ],
  [
    'an unreadable source without a cause in its log',
    run({ exitCode: 1 }, recording('failure-no-repo.pungi.global.log'), 'DOOMED'),
    'ENGINE_FAILED',
    /x86_64/,
  ],
  [
    'a missing tool',
    run({ exitCode: 1 }, ["Program '/usr/bin/isohybrid' doesn't exist. Install package 'syslinux'."], null),
    'ENGINE_FAILED',
    /\/usr\/bin\/isohybrid.*syslinux/,
  ],
  [
    'an MBS that does not answer',
    failed(
      "Failed to query URL http://127.0.0.1:1/mbs/2/module-builds with params {'name': 'trial'} - HTTPConnectionPool(host='127.0.0.1', port=1): Max retries exceeded with url: /mbs/2",
    ),
    'UPSTREAM_UNAVAILABLE',
    /MBS/,
  ],
  [
    'an HTTP error of an upstream',
    failed('503 Server Error: Service Unavailable for url: http://mbs.example/2/module-builds'),
    'UPSTREAM_UNAVAILABLE',
    /503/,
  ],
  [
    'a module that was not built for an arch',
    failed(
      'Module speech:2:20260102000000:bb does not have metadata for arch s390x and is not filtered out via filter_modules option.',
    ),
    'INVALID_SOURCE',
    /speech:2:20260102000000:bb.*s390x/,
  ],
  [
    'a module that Koji does not have',
    failed("No module build found for 'absent:1:1:aa' (queried for 'absent-1-1.aa')"),
    'INVALID_SOURCE',
    /absent:1:1:aa/,
  ],
  [
    'missing files of a module',
    failed('modulemd-yaml-error-quark: Failed to open file: No such file or directory (0)'),
    'UPSTREAM_UNAVAILABLE',
    /topDir/,
  ],
  [
    'modules for several platforms',
    failed('There are conflicting requests for platform.'),
    'INVALID_SOURCE',
    /platforms/,
  ],
  ['a tag that Koji does not have', failed("No such tagInfo: 'nope'"), 'INVALID_SOURCE', /nope/],
  ['a profile that is not configured', failed('no configuration for profile name: other'), 'ENGINE_FAILED', /other/],
  [
    'a run on a finished directory',
    run({ exitCode: 1 }, ['RuntimeError: Invalid compose status: FINISHED'], 'FINISHED'),
    'ENGINE_FAILED',
    /failed/,
  ],
  [
    'a SIGTERM from outside',
    run({ exitCode: 1 }, recording('sigterm-in-gather.pungi.global.log'), 'TERMINATED'),
    'ENGINE_FAILED',
    /failed/,
  ],
  ['a SIGTERM right at the start', run({ signal: 'SIGTERM' }, [], null), 'ENGINE_FAILED', /killed \(SIGTERM\)/],
  ['a SIGKILL', run({ signal: 'SIGKILL' }, [], 'STARTED'), 'ENGINE_FAILED', /killed \(SIGKILL\)/],
  [
    'a missing program',
    run({ exitCode: 127 }, ['sh: 1: exec: pungi-koji: not found'], null),
    'ENGINE_FAILED',
    /cannot run pungi-koji/,
  ],
];

describe('diagnose', () => {
  it.each(rows)('finds the failure after %s', async (_, given, code, message) => {
    await using test = await aGeneration('/srv/repo');
    const failure = await diagnose(given, test.generation);
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
    expect(failure.details ?? '').not.toMatch(/Traceback|traceback/);
  });

  it('distinguishes an unavailable Koji, unsigned RPMs and missing files of RPMs', async () => {
    await using test = await aGeneration('/srv/repo');
    const koji = (sigkeys: readonly string[]) => ({
      ...test.generation,
      compose: { ...test.generation.compose, sigkeys },
      input: { ...test.generation.input, koji: NO_KOJI },
    });
    const unavailable = run(
      { exitCode: 1 },
      [
        "2026-11-22 10:00:00 [ERROR   ] Compose run failed: HTTPSConnectionPool(host='koji.example', port=443): Max retries exceeded with url: /kojihub",
      ],
      'DOOMED',
    );
    const notFound = run(
      { exitCode: 1 },
      [
        "2026-11-22 10:00:00 [ERROR   ] Compose run failed: RPM(s) not found for sigs: ['abcdef12']. Check log for details.",
      ],
      'DOOMED',
    );
    expect(await diagnose(unavailable, koji([]))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('Koji (fedora)') as string,
    });
    expect(await diagnose(notFound, koji(['abcdef12']))).toMatchObject({ code: 'UNSIGNED_PACKAGES' });
    expect(await diagnose(notFound, koji(['abcdef12', '']))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('topDir') as string,
    });
    expect(await diagnose(unavailable, test.generation)).toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('names the unsigned packages', async () => {
    await using test = await aGeneration('/srv/repo', { sigkeys: ['abcdef12'] });
    const lines = [
      "2026-11-22 10:00:00 [ERROR   ] Compose run failed: RPM(s) not found for sigs: ('abcdef12',). Check log for details. Unsigned packages:",
      'greet-0.9-1',
      'hello-2.12-1',
      '2026-11-22 10:00:00 [CRITICAL] Compose failed: /compose',
    ];
    expect(await diagnose(run({ exitCode: 1 }, lines, 'DOOMED'), test.generation)).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      message: expect.stringMatching(/abcdef12.*greet-0\.9-1, hello-2\.12-1/) as string,
    });
  });

  it('looks in the log of the program that failed', async () => {
    await using test = await aGeneration('/srv/repo');
    const { directory } = test.generation;
    const lines = [
      `2026-11-22 10:00:00 [ERROR   ] Compose run failed: ERROR running command: fus --verbose @${directory}/work/x86_64/fus/x.conf`,
      `For more details see ${directory}/logs/x86_64/hybrid-depsolver-Temporary-iter-1.x86_64.log`,
    ];
    await mkdir(join(directory, 'logs', 'x86_64'), { recursive: true });
    const log = join(directory, 'logs', 'x86_64', 'hybrid-depsolver-Temporary-iter-1.x86_64.log');
    await writeFile(log, '/bin/sh: 1: fus: not found\n');
    expect(await diagnose(run({ exitCode: 1 }, lines, 'DOOMED'), test.generation)).toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining('cannot run fus') as string,
    });
    await writeFile(log, `COMMAND: fus @${directory}/work/x.conf\nError: No solvables matched\n`);
    expect(await diagnose(run({ exitCode: 1 }, lines, 'DOOMED'), test.generation)).toMatchObject({
      message: expect.stringContaining('Error: No solvables matched') as string,
      details: 'COMMAND: fus @work/x.conf\nError: No solvables matched',
    });
  });

  it('puts the error lines into the details, at most 2,000 characters', async () => {
    await using test = await aGeneration('/srv/repo');
    const many = Array.from({ length: 400 }, (_, index) => `2026-11-22 10:00:00 [ERROR   ] problem ${index}`);
    const failure = await diagnose(run({ exitCode: 1 }, many, 'DOOMED'), test.generation);
    expect(failure.details?.length).toBe(2_000);
    const config = await diagnose(run({ exitCode: 1 }, recording('failure-config.stderr'), null), test.generation);
    expect(config.details).toBe("Failed validation in release_version: 1 is not of type 'string'");
  });
});
