// Requests that must fail, each with a code for scripts and a message that names what is wrong.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_STATE, TASK_STATE } from '../support/fake-koji/index.ts';
import { namesAll } from '../support/names-all.ts';
import { buildModule, buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';

let directory: string;
let lab: KojiLab;
const tasks = { arch: '', real: '', running: '', done: '' };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-koji-failures-'));
  lab = await startKojiLab(directory, { ODCS_CONCURRENCY: '8' });
  const { koji, mbs } = lab;
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
  tasks.done = String(koji.addTask());
  tasks.arch = String(koji.addTask({ method: 'buildArch', parent: Number(tasks.done) }));
  tasks.real = String(koji.addTask({ request: ['git+https://src.example/foo', 'f43', {}] }));
  tasks.running = String(koji.addTask({ state: TASK_STATE.OPEN }));
  buildModule({ koji, mbs }, 'modular', 'alpha:1:20260101000000:aa');
  buildModule({ koji, mbs }, 'modular', 'alpha:2:20260101000000:aa');
  buildModule({ koji, mbs }, 'modular', 'alpha:1:20250101000000:aa');
  buildModule({ koji, mbs }, 'modular', 'needy:1:20260101000000:aa', [{ platform: ['f40'], absent: ['1'] }]);
  buildModule({ koji, mbs }, 'modular', 'torn:1:20260101000000:aa', [
    { platform: ['f40'], alpha: ['1'], between: ['1'] },
  ]);
  buildModule({ koji, mbs }, 'modular', 'between:1:20260101000000:aa', [{ platform: ['f40'], alpha: ['2'] }]);
  buildModule({ koji, mbs }, 'modular', 'failed:1:20260101000000:aa', undefined, { state: 4 });
  buildModule({ koji, mbs }, 'modular', 'done:1:20260101000000:aa', undefined, { state: 3 });
  buildModule({ koji, mbs }, 'modular', 'odd:1:20260101000000:aa', undefined, { modulemd: 'not: [modulemd' });
}, 120_000);

afterAll(async () => {
  await lab?.stop();
  await rm(directory, { recursive: true, force: true });
});

afterEach(() => void lab.koji.breakages.splice(0));

interface Failed {
  readonly state: string;
  readonly failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
}

async function failureOf(input: object): Promise<Failed['failure']> {
  const ended = (await lab.service.ended(
    await lab.service.request(input),
    'state failure { code message retryable }',
  )) as unknown as Failed;
  expect(ended.state).toBe('FAILED');
  return ended.failure;
}

const tag =
  (more: object = {}, rest: object = {}) =>
  () => ({ source: { tag: { tag: 'f43', ...more } }, ...rest });
const build =
  (builds: readonly string[], more: object = {}, rest: object = {}) =>
  () => ({ source: { build: { builds, ...more } }, ...rest });
const modules =
  (names: readonly string[], more: object = {}, rest: object = {}) =>
  () => ({ source: { module: { modules: names, ...more } }, ...rest });

type Case = readonly [what: string, input: () => object, code: string, names: readonly string[]];

describe('a compose fails for good that names', () => {
  it.each<Case>([
    [
      'a tag that is not there',
      () => ({ source: { tag: { tag: 'f99' } } }),
      'INVALID_SOURCE',
      ['Koji (fake)', '“f99”'],
    ],
    ['a tag that was deleted', () => ({ source: { tag: { tag: 'gone-tag' } } }), 'INVALID_SOURCE', ['“gone-tag”']],
    ['a tag at an event before it was there', tag({ kojiEvent: 1 }), 'INVALID_SOURCE', ['“f43”', 'event 1']],
    ['an event that is to come', tag({ kojiEvent: 2_000_000_000 }), 'INVALID_SOURCE', ['2000000000']],
    [
      'a package that the tag lacks',
      tag({ packages: ['hello', 'absent', 'no-such-*'] }),
      'MISSING_PACKAGES',
      ['f43', 'absent', 'no-such-*'],
    ],
    ['a package that is blocked', tag({ packages: ['secret'] }), 'MISSING_PACKAGES', ['secret', 'f43']],
    ['a build on a tag that is not there', tag({ builds: ['absent-1-1'] }), 'INVALID_SOURCE', ['absent-1-1']],
    ['a modular tag that is not there', tag({ modularTags: ['no-modules'] }), 'INVALID_SOURCE', ['“no-modules”']],
    [
      'builds that are not there',
      build(['absent-1-1', 'missing-2-2']),
      'INVALID_SOURCE',
      ['absent-1-1', 'missing-2-2'],
    ],
    ['a build under way', build(['young-1-1']), 'INVALID_SOURCE', ['young-1-1']],
    ['a build that failed', build(['bad-1-1']), 'INVALID_SOURCE', ['bad-1-1', 'failed']],
    ['a build that was deleted', build(['gone-1-1']), 'INVALID_SOURCE', ['gone-1-1', 'deleted']],
    ['a build of no RPMs', build(['image-1-1']), 'INVALID_SOURCE', ['image-1-1', 'type is image']],
    ['a package that no build holds', build(['greet-0.9-1'], { packages: ['cowsay'] }), 'MISSING_PACKAGES', ['cowsay']],
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
      'a build whose signed copies are gone',
      build(['pruned-1-1'], {}, { sigkeys: ['abcdef12'] }),
      'UNSIGNED_PACKAGES',
      ['abcdef12', 'pruned-1-1', 'write-signed-rpm'],
    ],
    ['a task that is not there', build([], { scratchBuildTasks: ['999999'] }), 'INVALID_SOURCE', ['999999']],
    [
      'a task of one arch',
      () => build([], { scratchBuildTasks: [tasks.arch] })(),
      'INVALID_SOURCE',
      ['one arch', 'parent'],
    ],
    [
      'a task that is no scratch build',
      () => build([], { scratchBuildTasks: [tasks.real] })(),
      'INVALID_SOURCE',
      ['scratch'],
    ],
    ['a task under way', () => tag({ scratchBuildTasks: [tasks.running] })(), 'INVALID_SOURCE', ['running']],
    ['a module that is not there', modules(['absent:1']), 'INVALID_SOURCE', ['absent:1']],
    ['a version that is not there', modules(['alpha:1:19990101000000']), 'INVALID_SOURCE', ['alpha:1:19990101000000']],
    ['a module that failed', modules(['failed:1']), 'INVALID_SOURCE', ['failed:1']],
    ['a module that is only done', modules(['done:1']), 'INVALID_SOURCE', ['done:1', 'INCLUDE_DONE_MODULES']],
    [
      'two versions of a stream',
      modules(['alpha:1', 'alpha:1:20250101000000']),
      'INVALID_SOURCE',
      ['alpha:1:20250101000000:aa', 'alpha:1:20260101000000:aa'],
    ],
    ['a module that needs what is not there', modules(['needy:1']), 'INVALID_SOURCE', ['absent:1']],
    ['a module whose needs conflict', modules(['torn:1']), 'INVALID_SOURCE', ['torn:1:20260101000000:aa', 'alpha']],
    ['a module whose modulemd is none', modules(['odd:1']), 'INVALID_SOURCE', ['odd:1:20260101000000:aa']],
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
      'a lookaside repository that is not there',
      () => tag({}, { lookasideRepos: [join(directory, 'absent')] })(),
      'INVALID_SOURCE',
      ['absent'],
    ],
  ])('%s', async (_, input, code, names) => {
    expect(await failureOf(input())).toEqual({
      code,
      message: namesAll(...names),
      retryable: false,
    });
  });

  it('a commit of module defaults that is not there', async () => {
    const defaults = await lab.git.repository('defaults');
    await defaults.commit({ 'a.yaml': 'document: modulemd-defaults\n' });
    const moduleDefaults = { url: lab.git.urlOf(defaults), commit: '0123456789012345678901234567890123456789' };
    expect(await failureOf(tag({ moduleDefaults })())).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll(moduleDefaults.commit),
    });
  });
});

describe('a compose may work later where', () => {
  const always = <T>(breakage: T): T[] => Array<T>(60).fill(breakage);

  it.each<readonly [string, (koji: KojiLab['koji']) => void]>([
    ['Koji answers 500', (koji) => koji.breakNext(...always({ kind: 'status', status: 500 } as const))],
    ['Koji hangs up', (koji) => koji.breakNext(...always({ kind: 'reset' } as const))],
    ['Koji answers half', (koji) => koji.breakNext(...always({ kind: 'cut' } as const))],
    [
      'Koji answers what is no XML',
      (koji) => koji.breakNext(...always({ kind: 'body', body: '<methodResponse><nonsense>' } as const)),
    ],
    ['Koji answers other types', (koji) => koji.breakNext(...always({ kind: 'value', value: 'what' } as const))],
  ])('%s', async (_, fail) => {
    fail(lab.koji);
    expect(await failureOf({ source: { tag: { tag: 'f43' } }, flags: ['NO_REUSE'] })).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll('Koji (fake)'),
    });
  });

  it('MBS does not answer', async () => {
    lab.mbs.fail({ kind: 'status', status: 503 }, 60);
    expect(await failureOf(modules(['alpha:1'])())).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll('MBS', 'HTTP 503'),
    });
  });
});
