import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBuilds, rpmsOfBuilds } from '../../src/upstreams/koji/builds.ts';
import { checkEvent, lastEvent } from '../../src/upstreams/koji/event.ts';
import { KojiHub } from '../../src/upstreams/koji/koji-hub.ts';
import { findScratchTasks } from '../../src/upstreams/koji/scratch-tasks.ts';
import { checkSignatures } from '../../src/upstreams/koji/signatures.ts';
import { findTag } from '../../src/upstreams/koji/tag.ts';
import { taggedModules } from '../../src/upstreams/koji/tagged-modules.ts';
import { checkPackages, taggedRpms } from '../../src/upstreams/koji/tagged-packages.ts';
import { namesAll } from '../support/names-all.ts';
import { BUILD_STATE, startFakeKoji, TASK_STATE, type FakeKoji } from '../support/fake-koji/index.ts';

const never = new AbortController().signal;

let koji: FakeKoji;
let hub: KojiHub;

beforeEach(async () => {
  koji = await startFakeKoji();
  hub = new KojiHub(koji.profile());
  koji.addTag('f43-base');
  koji.addTag('f43', { parents: ['f43-base'], arches: 'x86_64  s390x' });
});

afterEach(async () => {
  await hub.close();
  await koji.stop();
});

function invalid(...names: readonly string[]): object {
  return { failure: { code: 'INVALID_SOURCE', retryable: false, message: namesAll('Koji (fake)', ...names) } };
}

async function ok<T>(
  asked: Promise<{ readonly value: T } | { readonly failure: { readonly message: string } }>,
): Promise<T> {
  const answer = await asked;
  if ('failure' in answer) throw new Error(answer.failure.message);
  return answer.value;
}

describe('A tag', () => {
  it('is found with its arches', async () => {
    expect(await findTag(hub, 'f43', null, never)).toEqual({
      value: { id: koji.tagId('f43'), name: 'f43', arches: ['x86_64', 's390x'] },
    });
  });

  it('is INVALID_SOURCE if it does not exist', async () => {
    expect(await findTag(hub, 'f99', null, never)).toMatchObject(invalid('“f99”'));
  });

  it('that was deleted exists at an earlier event only', async () => {
    const before = koji.lastEvent;
    koji.deleteTag('f43');
    expect(await findTag(hub, 'f43', null, never)).toMatchObject(invalid('“f43”'));
    expect(await findTag(hub, 'f43', before, never)).toHaveProperty('value');
    expect(await findTag(hub, 'f43', koji.lastEvent, never)).toMatchObject(invalid(`at event ${koji.lastEvent}`));
  });
});

describe('An event', () => {
  it("is the hub's last one, or an earlier one", async () => {
    expect(await lastEvent(hub, never)).toEqual({ value: koji.lastEvent });
    expect(await checkEvent(hub, 2, never)).toEqual({ value: 2 });
  });

  it('is INVALID_SOURCE if the hub answers a fault or nil', async () => {
    expect(await checkEvent(hub, 2_000_000_000, never)).toMatchObject(invalid('2000000000'));
    koji.breakNext({ kind: 'value', value: [[null]] });
    expect(await checkEvent(hub, 7, never)).toMatchObject(invalid('event 7'));
  });

  it('is UPSTREAM_UNAVAILABLE if the hub fails', async () => {
    koji.breakNext({ kind: 'fault', code: 1, text: 'database is gone' });
    expect(await checkEvent(hub, 2, never)).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE' } });
  });
});

describe('Builds', () => {
  it('are found in the order of the request, with the RPMs that have files', async () => {
    koji.addBuild('bash-5.3-1.fc43', {
      epoch: 1,
      rpms: [
        { arch: 'src' },
        { arch: 'x86_64' },
        { name: 'bash-doc', arch: 'noarch' },
        { name: 'bash-x', metadataOnly: true },
      ],
    });
    koji.addBuild('aa-1-1', { volume: 'archive' });
    const builds = await ok(findBuilds(hub, ['bash-5.3-1.fc43', 'aa-1-1'], never));
    expect(builds).toMatchObject([
      { nvr: 'bash-5.3-1.fc43', epoch: 1, volume: 'DEFAULT' },
      { nvr: 'aa-1-1', epoch: null, volume: 'archive' },
    ]);
    const rpms = await ok(rpmsOfBuilds(hub, builds.slice(0, 1), never));
    expect(rpms.map(({ name, arch }) => `${name}.${arch}`)).toEqual(['bash.src', 'bash.x86_64', 'bash-doc.noarch']);
  });

  it('are INVALID_SOURCE with a reason for each that cannot be used', async () => {
    koji.addBuild('ok-1-1');
    koji.addBuild('new-1-1', { state: BUILD_STATE.BUILDING });
    koji.addBuild('bad-1-1', { state: BUILD_STATE.FAILED });
    koji.addBuild('gone-1-1', { state: BUILD_STATE.DELETED });
    expect(await findBuilds(hub, ['ok-1-1', 'new-1-1', 'bad-1-1', 'gone-1-1', 'never-1-1'], never)).toMatchObject(
      invalid('new-1-1 is still being built', 'bad-1-1 is failed', 'gone-1-1 is deleted', 'never-1-1'),
    );
    koji.addBuild('nodejs-24-2026.abc', { types: ['module'] });
    expect(await findBuilds(hub, ['nodejs-24-2026.abc'], never)).toMatchObject(invalid('nodejs-24-2026.abc', 'module'));
    expect(await findBuilds(hub, ['bash'], never)).toMatchObject(invalid('“bash”'));
  });

  it('are found by a hundred in a multiCall', async () => {
    const nvrs = Array.from({ length: 1_000 }, (_, index) => `pkg${index}-1-1`);
    for (const nvr of nvrs) koji.addBuild(nvr);
    const builds = await ok(findBuilds(hub, nvrs, never));
    expect(builds.map(({ nvr }) => nvr)).toEqual(nvrs);
    expect(koji.requests.map(({ method }) => method)).toEqual(Array.from({ length: 20 }, () => 'multiCall'));
  });

  it('are UPSTREAM_UNAVAILABLE if the hub does not answer', async () => {
    const cut = { kind: 'cut' } as const;
    koji.breakNext(cut, cut, cut);
    expect(await findBuilds(hub, ['bash-5.3-1'], never)).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE' } });
  });
});

describe('Signatures', () => {
  const rpms = [
    { arch: 'src', sigkeys: ['AAAA1111'] },
    { arch: 'x86_64', sigkeys: ['AAAA1111', 'bbbb2222'] },
    { name: 'bash-s390', arch: 's390x' },
  ];

  async function check(
    sigkeys: readonly string[],
    arches: readonly string[] | null = ['x86_64', 'noarch', 'src'],
    checkFiles = false,
  ) {
    const builds = await ok(findBuilds(hub, ['bash-5.3-1', 'zlib-1-1'], never));
    const all = await ok(rpmsOfBuilds(hub, builds, never));
    return checkSignatures(hub, { builds, rpms: all, sigkeys, arches: arches && new Set(arches), checkFiles }, never);
  }

  beforeEach(() => {
    koji.addBuild('bash-5.3-1', { rpms });
    koji.addBuild('zlib-1-1', { rpms: [{ arch: 'x86_64', sigkeys: ['bbbb2222'] }] });
  });

  it('are sufficient if every package has one of the keys, in any case', async () => {
    expect(await check(['aaaa1111', 'BBBB2222'])).toBeNull();
  });

  it('that are missing are UNSIGNED_PACKAGES with the names of the builds', async () => {
    expect(await check(['AAAA1111'])).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      retryable: false,
      message: namesAll('AAAA1111', 'zlib-1-1'),
      details: 'zlib-1-1.x86_64',
    });
    expect(await check(['cccc3333'])).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      message: namesAll('cccc3333', 'bash-5.3-1', 'zlib-1-1'),
    });
  });

  it('are checked for the arches of the compose only', async () => {
    expect(await check(['aaaa1111', 'bbbb2222'], null)).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      details: 'bash-s390-5.3-1.s390x',
    });
  });

  it('are not checked if unsigned packages are allowed', async () => {
    expect(await check(['cccc3333', ''])).toBeNull();
    expect(await check([])).toBeNull();
    expect(koji.methods()).not.toContain('queryRPMSigs');
  });

  it('need an existing signed copy if files are checked', async () => {
    expect(await check(['aaaa1111', 'bbbb2222'], undefined, true)).toBeNull();
    koji.pruneSignedCopies(koji.build('zlib-1-1'));
    expect(await check(['aaaa1111', 'bbbb2222'], undefined, true)).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      details: 'zlib-1-1.x86_64',
    });
    expect(await check(['aaaa1111', 'bbbb2222'])).toBeNull();
  });
});

describe('The content of a tag', () => {
  beforeEach(() => {
    for (const nvr of ['bash-5.2-1', 'bash-5.3-1', 'zlib-1-1'])
      koji.addBuild(nvr, {
        rpms: [{ arch: 'src' }, { arch: 'x86_64' }, { name: `${nvr.split('-')[0]}-devel`, arch: 'x86_64' }],
      });
    koji.tagBuild('f43-base', 'zlib-1-1');
    koji.tagBuild('f43', 'bash-5.2-1');
    koji.tagBuild('f43', 'bash-5.3-1');
  });

  const at = (event: number, inheritance = true) => ({ tag: 'f43', event, inheritance });

  const wanted = (event: number, inheritance = true) => ({ ...at(event, inheritance), arches: ['x86_64'] });
  const builds = async (event: number, inheritance = true) =>
    (await ok(taggedRpms(hub, wanted(event, inheritance), never))).builds.map(({ nvr }) => nvr).sort();

  it('is the latest build of each package, with or without inherited ones', async () => {
    expect(await builds(koji.lastEvent)).toEqual(['bash-5.3-1', 'zlib-1-1']);
    expect(await builds(koji.lastEvent, false)).toEqual(['bash-5.3-1']);
  });

  it('is that of an earlier event', async () => {
    const before = koji.lastEvent;
    koji.untagBuild('f43', 'bash-5.3-1');
    koji.blockPackage('f43', 'zlib');
    expect(await builds(koji.lastEvent)).toEqual(['bash-5.2-1']);
    expect(await builds(before)).toEqual(['bash-5.3-1', 'zlib-1-1']);
  });

  const asking = (packages: string[], inheritance = true) =>
    checkPackages(hub, { ...at(koji.lastEvent, inheritance), packages, arches: ['x86_64', 'noarch'] }, never);

  it('has binary packages for names and globs', async () => {
    expect(await asking(['bash', 'zlib-devel', 'z*', 'bash.x86_64'])).toBeNull();
    expect(await asking([])).toBeNull();
  });

  it('lacks named packages, which are all listed', async () => {
    expect(await asking(['bash', 'nano', 'zlib*', 'vim*'])).toMatchObject({
      code: 'MISSING_PACKAGES',
      message: namesAll('tag f43', `event ${koji.lastEvent}`),
      details: 'nano\nvim*',
    });
    expect(await asking(['zlib'], false)).toMatchObject({
      code: 'MISSING_PACKAGES',
      details: 'zlib',
    });
  });

  it('lacks a blocked package, with the tag that blocks it', async () => {
    koji.blockPackage('f43', 'zlib');
    expect(await asking(['zlib', 'bash'])).toMatchObject({
      code: 'MISSING_PACKAGES',
      details: 'zlib (blocked in f43)',
    });
  });

  it('is UPSTREAM_UNAVAILABLE after an answer of wrong types', async () => {
    koji.breakNext({ kind: 'value', value: [['not a row'], []] });
    expect(await asking(['bash'])).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    koji.breakNext({ kind: 'value', value: [[], [{ nvr: 'x' }]] });
    expect(await taggedRpms(hub, wanted(1), never)).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE' } });
  });

  it('is INVALID_SOURCE if there is no such tag', async () => {
    expect(await taggedRpms(hub, { ...wanted(1), tag: 'f99' }, never)).toMatchObject(invalid("'f99'"));
  });
});

describe('Scratch builds', () => {
  it('are finished build tasks with the scratch option, in any form of the request', async () => {
    const source = 'git+https://src.example/rpms/foo#abc';
    const ids = [
      koji.addTask(),
      koji.addTask({ request: [source, 'f43', { scratch: true, __starstar: true, opts: { scratch: true } }] }),
      koji.addTask({ request: [{ __method__: 'build', src: source, target: 'f43', opts: { scratch: true } }] }),
    ];
    expect(await findScratchTasks(hub, ids.map(String), never)).toEqual({ value: ids.map((id) => ({ id, source })) });
  });

  it.each([
    ['is a real build', { request: ['src', 'f43', {}] }, 'scratch'],
    ['is a real build by keywords', { request: ['src', 'f43', { scratch: false }] }, 'scratch'],
    ['was not finished', { state: TASK_STATE.OPEN }, 'still running'],
    ['failed', { state: TASK_STATE.FAILED }, 'failed'],
    ['is another method', { method: 'newRepo', request: ['f43'] }, 'newRepo'],
    ['builds one arch', { method: 'buildArch', parent: 77, request: ['x.src.rpm', 1, 'x86_64', true, {}] }, '77'],
  ])('are INVALID_SOURCE if the task %s', async (_what, task, message) => {
    expect(await findScratchTasks(hub, [String(koji.addTask(task))], never)).toMatchObject(invalid(message));
  });

  it('list every invalid task, and are not requested if an id is not a number', async () => {
    expect(await findScratchTasks(hub, ['999', '998'], never)).toMatchObject(invalid('999', '998'));
    koji.requests.length = 0;
    expect(await findScratchTasks(hub, ['12a', '99999999999'], never)).toMatchObject(invalid('“12a”'));
    expect(koji.requests).toHaveLength(0);
  });
});

describe('Modules of a tag', () => {
  const nsvcs = async (names: readonly string[] | null = null, event: number | null = null) =>
    (await ok(taggedModules(hub, { tag: 'f43', event, names }, never))).map(({ name, stream, version, context }) =>
      [name, stream, version, context].join(':'),
    );

  it('are the latest version of each stream with all its contexts, -devel modules included', async () => {
    for (const nsvc of [
      'nodejs:24-lts:9:aa',
      'nodejs:24-lts:20:aa',
      'nodejs:24-lts:20:bb',
      'nodejs:22:5:aa',
      'nodejs-devel:24-lts:20:aa',
    ])
      koji.addModule('f43', nsvc);
    koji.addBuild('bash-5.3-1');
    koji.tagBuild('f43', 'bash-5.3-1');
    expect((await nsvcs()).sort()).toEqual([
      'nodejs-devel:24-lts:20:aa',
      'nodejs:22:5:aa',
      'nodejs:24-lts:20:aa',
      'nodejs:24-lts:20:bb',
    ]);
    expect(await nsvcs(['nodejs-devel'])).toEqual(['nodejs-devel:24-lts:20:aa']);
  });

  it('are those of the first tag in inheritance order, even if they are older', async () => {
    koji.addModule('f43-base', 'perl:5:30:aa');
    koji.addModule('f43', 'perl:5:20:aa');
    koji.addModule('f43-base', 'perl:6:1:aa');
    expect((await nsvcs()).sort()).toEqual(['perl:5:20:aa', 'perl:6:1:aa']);
  });

  it('are those of an event, with the modulemd documents of their builds', async () => {
    koji.addModule('f43', 'perl:5:20:aa', 'name: perl\n# é <&>\n');
    const before = koji.lastEvent;
    koji.addModule('f43', 'perl:5:21:aa');
    expect(await nsvcs(null, before)).toEqual(['perl:5:20:aa']);
    expect(await taggedModules(hub, { tag: 'f43', event: before, names: null }, never)).toMatchObject({
      value: [{ modulemd: 'name: perl\n# é <&>\n', tag: 'f43', contentTag: 'module-perl-5-20-aa' }],
    });
  });

  it('are INVALID_SOURCE without a modulemd document', async () => {
    koji.addBuild('perl-5-20.aa', { types: ['module'], extra: { typeinfo: {} } });
    koji.tagBuild('f43', 'perl-5-20.aa');
    expect(await taggedModules(hub, { tag: 'f43', event: null, names: null }, never)).toMatchObject(
      invalid('perl-5-20.aa in f43'),
    );
  });
});
