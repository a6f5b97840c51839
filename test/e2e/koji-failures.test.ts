// Requests to Koji and MBS that fail, each with a code and a message that names what is wrong.

import { describe, expect } from 'vitest';
import { kojiTest } from '../support/fixtures.ts';
import { BUILD_STATE, TASK_STATE, type Breakage } from '../support/fake-koji/index.ts';
import { buildModule, buildSamples } from '../support/koji-lab.ts';
import { namesAll } from '../support/names-all.ts';

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

const it = kojiTest
  .override('settings', { ODCS_CONCURRENCY: '8' })
  .extend('tasks', { scope: 'file' }, ({ emptyLab: { koji } }) => {
    const done = koji.addTask();
    return {
      oneArch: String(koji.addTask({ method: 'buildArch', parent: done })),
      notScratch: String(koji.addTask({ request: ['git+https://src.example/foo', 'f43', {}] })),
      running: String(koji.addTask({ state: TASK_STATE.OPEN })),
    };
  })
  .extend('lab', { scope: 'file' }, ({ emptyLab }) => {
    const { koji, mbs } = emptyLab;
    koji.eventElsewhere();
    koji.addTag('f43', {});
    buildSamples(koji, 'f43', { hello: ['ABCDEF12'] });
    koji.addBuild('secret-1-1', { rpms: [{ arch: 'src' }, { arch: 'x86_64' }] });
    koji.tagBuild('f43', 'secret-1-1');
    koji.blockPackage('f43', 'secret');
    koji.addBuild('young-1-1', { state: BUILD_STATE.BUILDING });
    koji.addBuild('bad-1-1', { state: BUILD_STATE.FAILED });
    koji.addBuild('gone-1-1', { state: BUILD_STATE.DELETED });
    koji.addBuild('image-1-1', { types: ['image'] });
    const pruned = koji.addBuild('pruned-1-1', {
      rpms: [
        { arch: 'src', sigkeys: ['abcdef12'] },
        { arch: 'x86_64', sigkeys: ['abcdef12'] },
      ],
    });
    koji.pruneSignedCopies(pruned);
    koji.addTag('gone-tag');
    koji.deleteTag('gone-tag');
    koji.addTag('empty-modular');
    koji.addTag('modular');
    const module = (nsvc: string, ...more: [Parameters<typeof buildModule>[3]?, Parameters<typeof buildModule>[4]?]) =>
      buildModule({ koji, mbs }, 'modular', nsvc, ...more);
    module('alpha:1:20260101000000:aa');
    module('alpha:2:20260101000000:aa');
    module('alpha:1:20250101000000:aa');
    module('needy:1:20260101000000:aa', [{ platform: ['f40'], absent: ['1'] }]);
    module('torn:1:20260101000000:aa', [{ platform: ['f40'], alpha: ['1'], between: ['1'] }]);
    module('between:1:20260101000000:aa', [{ platform: ['f40'], alpha: ['2'] }]);
    module('failed:1:20260101000000:aa', undefined, { state: 4 });
    module('done:1:20260101000000:aa', undefined, { state: 3 });
    module('odd:1:20260101000000:aa', undefined, { modulemd: 'not: [modulemd' });
    return emptyLab;
  })
  .extend('failureOf', { scope: 'file' }, ({ lab }) => async (input: object): Promise<Failure | null> => {
    const fields = 'state failure { code message retryable }';
    const { state, failure } = await lab.service.composed<{ state: string; failure: Failure | null }>(input, fields);
    expect(state).toBe('FAILED');
    return failure;
  });

const tag = (more: object = {}, rest: object = {}) => ({ source: { tag: { tag: 'f43', ...more } }, ...rest });
const build = (builds: readonly string[], more: object = {}, rest: object = {}) => ({
  source: { build: { builds, ...more } },
  ...rest,
});
const modules = (names: readonly string[], more: object = {}) => ({ source: { module: { modules: names, ...more } } });

interface Places {
  readonly directory: string;
  readonly tasks: { readonly oneArch: string; readonly notScratch: string; readonly running: string };
}

type Case = readonly [
  what: string,
  input: object | ((places: Places) => object),
  code: string,
  names: readonly string[],
];

describe('A compose whose request cannot succeed', { timeout: 120_000 }, () => {
  it.for<Case>([
    ['a tag that does not exist', { source: { tag: { tag: 'f99' } } }, 'INVALID_SOURCE', ['Koji (fake)', '“f99”']],
    ['a tag that was deleted', { source: { tag: { tag: 'gone-tag' } } }, 'INVALID_SOURCE', ['“gone-tag”']],
    ['a tag at an event before its creation', tag({ kojiEvent: 1 }), 'INVALID_SOURCE', ['“f43”', 'event 1']],
    ['an event in the future', tag({ kojiEvent: 2_000_000_000 }), 'INVALID_SOURCE', ['2000000000']],
    [
      'packages that are not in the tag',
      tag({ packages: ['hello', 'absent', 'no-such-*'] }),
      'MISSING_PACKAGES',
      ['f43', 'absent', 'no-such-*'],
    ],
    ['a blocked package', tag({ packages: ['secret'] }), 'MISSING_PACKAGES', ['secret', 'f43']],
    ['a tag with a build that does not exist', tag({ builds: ['absent-1-1'] }), 'INVALID_SOURCE', ['absent-1-1']],
    ['a modular tag that does not exist', tag({ modularTags: ['no-modules'] }), 'INVALID_SOURCE', ['“no-modules”']],
    ['builds that do not exist', build(['absent-1-1', 'missing-2-2']), 'INVALID_SOURCE', ['absent-1-1', 'missing-2-2']],
    ['a build that is not complete', build(['young-1-1']), 'INVALID_SOURCE', ['young-1-1']],
    ['a build that failed', build(['bad-1-1']), 'INVALID_SOURCE', ['bad-1-1', 'failed']],
    ['a build that was deleted', build(['gone-1-1']), 'INVALID_SOURCE', ['gone-1-1', 'deleted']],
    ['a build without RPMs', build(['image-1-1']), 'INVALID_SOURCE', ['image-1-1', 'type is image']],
    ['a package that is in no build', build(['greet-0.9-1'], { packages: ['cowsay'] }), 'MISSING_PACKAGES', ['cowsay']],
    [
      'a build that is not signed',
      build(['greet-0.9-1', 'hello-2.12-1'], {}, { sigkeys: ['ABCDEF12'] }),
      'UNSIGNED_PACKAGES',
      ['ABCDEF12', 'greet-0.9-1'],
    ],
    [
      'a build signed with another key',
      build(['hello-2.12-1'], {}, { sigkeys: ['00000000', '11111111'] }),
      'UNSIGNED_PACKAGES',
      ['00000000', '11111111', 'hello-2.12-1'],
    ],
    [
      'a build whose signed copies were deleted',
      build(['pruned-1-1'], {}, { sigkeys: ['abcdef12'] }),
      'UNSIGNED_PACKAGES',
      ['abcdef12', 'pruned-1-1', 'write-signed-rpm'],
    ],
    ['a task that does not exist', build([], { scratchBuildTasks: ['999999'] }), 'INVALID_SOURCE', ['999999']],
    [
      'a task of one arch',
      ({ tasks }) => build([], { scratchBuildTasks: [tasks.oneArch] }),
      'INVALID_SOURCE',
      ['one arch', 'parent'],
    ],
    [
      'a task that is not a scratch build',
      ({ tasks }) => build([], { scratchBuildTasks: [tasks.notScratch] }),
      'INVALID_SOURCE',
      ['scratch'],
    ],
    ['a running task', ({ tasks }) => tag({ scratchBuildTasks: [tasks.running] }), 'INVALID_SOURCE', ['running']],
    ['a module that does not exist', modules(['absent:1']), 'INVALID_SOURCE', ['absent:1']],
    [
      'a module version that does not exist',
      modules(['alpha:1:19990101000000']),
      'INVALID_SOURCE',
      ['alpha:1:19990101000000'],
    ],
    ['a module that failed', modules(['failed:1']), 'INVALID_SOURCE', ['failed:1']],
    ['a module in the state done', modules(['done:1']), 'INVALID_SOURCE', ['done:1', 'INCLUDE_DONE_MODULES']],
    [
      'two versions of a module stream',
      modules(['alpha:1', 'alpha:1:20250101000000']),
      'INVALID_SOURCE',
      ['alpha:1:20250101000000:aa', 'alpha:1:20260101000000:aa'],
    ],
    ['a module whose dependency does not exist', modules(['needy:1']), 'INVALID_SOURCE', ['absent:1']],
    [
      'a module whose dependencies conflict',
      modules(['torn:1']),
      'INVALID_SOURCE',
      ['torn:1:20260101000000:aa', 'alpha'],
    ],
    ['a module whose modulemd is not valid', modules(['odd:1']), 'INVALID_SOURCE', ['odd:1:20260101000000:aa']],
    [
      'a module that is not in its tag',
      modules(['alpha:1'], { modularTags: ['empty-modular'] }),
      'INVALID_SOURCE',
      ['alpha:1', 'empty-modular'],
    ],
    [
      'a modular tag without modules',
      modules([], { modularTags: ['empty-modular'] }),
      'INVALID_SOURCE',
      ['empty-modular'],
    ],
    [
      'a scratch module that MBS lacks',
      modules([], { scratchModules: ['alpha:9:1:x'] }),
      'INVALID_SOURCE',
      ['alpha:9:1:x'],
    ],
    [
      'a lookaside repository that does not exist',
      ({ directory }) => tag({}, { lookasideRepos: [`${directory}/absent`] }),
      'INVALID_SOURCE',
      ['absent'],
    ],
  ])(
    'fails with a permanent failure that names %s',
    async ([, input, code, names], { directory, tasks, failureOf }) => {
      expect(await failureOf(typeof input === 'function' ? input({ directory, tasks }) : input)).toEqual({
        code,
        message: namesAll(...names),
        retryable: false,
      });
    },
  );

  it('fails with a permanent failure that names a commit of module defaults that does not exist', async ({
    lab,
    failureOf,
  }) => {
    const defaults = await lab.git.repository('defaults');
    await defaults.commit({ 'a.yaml': 'document: modulemd-defaults\n' });
    const moduleDefaults = { url: lab.git.urlOf(defaults), commit: '0123456789012345678901234567890123456789' };
    expect(await failureOf(tag({ moduleDefaults }))).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll(moduleDefaults.commit),
    });
  });
});

describe('A compose whose upstream fails', { timeout: 60_000 }, () => {
  it.for<readonly [string, Breakage]>([
    ['answers 500', { kind: 'status', status: 500 }],
    ['closes the connection', { kind: 'reset' }],
    ['sends half an answer', { kind: 'cut' }],
    ['sends no XML-RPC', { kind: 'body', body: '<methodResponse><nonsense>' }],
    ['sends a value of another type', { kind: 'value', value: 'what' }],
  ])('fails with a retryable failure if Koji %s', async ([, breakage], { lab, failureOf, onTestFinished }) => {
    lab.koji.breakNext(...Array<Breakage>(60).fill(breakage));
    onTestFinished(() => void lab.koji.breakages.splice(0));
    expect(await failureOf(tag({}, { flags: ['NO_REUSE'] }))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll('Koji (fake)'),
    });
  });

  it('fails with a retryable failure if MBS answers 503', async ({ lab, failureOf }) => {
    lab.mbs.fail({ kind: 'status', status: 503 }, 60);
    expect(await failureOf(modules(['alpha:1']))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll('MBS', 'HTTP 503'),
    });
  });
});
