// Modules against an MBS over HTTP.

import { afterEach, expect, test } from 'vitest';
import { MbsClient } from '../../src/upstreams/mbs/mbs-client.ts';
import {
  resolveModules,
  type ModulesWanted,
  type ModuleSourceOptions,
} from '../../src/sources/module/resolve-modules.ts';
import { formatNsvc } from '../../src/upstreams/mbs/nsvc.ts';
import { build, startFakeMbs, type FakeBuild, type FakeMbs } from '../support/fake-mbs/index.ts';
import type { BaseModule } from '../../src/compose/sources/module.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function withMbs(...builds: FakeBuild[]) {
  const mbs = await startFakeMbs(...builds);
  const client = new MbsClient({ url: mbs.apiUrl, timeouts: { idleMs: 250 }, retry: { attempts: 3, firstPauseMs: 1 } });
  ends.push(
    () => client.close(),
    () => mbs.close(),
  );
  return { mbs, client };
}

interface Options extends Partial<Omit<ModulesWanted, 'modules'>>, Partial<Omit<ModuleSourceOptions, 'mbs'>> {
  readonly signal?: AbortSignal;
}

async function resolve(client: MbsClient, modules: readonly string[], options: Options = {}) {
  const {
    baseModule = null,
    includeDone = false,
    dependencies = true,
    findInKoji = null,
    signal = new AbortController().signal,
    ...rest
  } = options;
  return await resolveModules(
    { modules, baseModule, includeDone, dependencies },
    { mbs: client, findInKoji, ...rest },
    signal,
  );
}

async function names(client: MbsClient, modules: readonly string[], options: Options = {}): Promise<readonly string[]> {
  const result = await resolve(client, modules, options);
  if ('failure' in result) throw new Error(result.failure.message);
  return result.modules.map(formatNsvc);
}

async function failureOf(client: MbsClient, modules: readonly string[], options: Options = {}) {
  const result = await resolve(client, modules, options);
  if (!('failure' in result)) throw new Error(`resolved to ${result.modules.map(formatNsvc).join(' ')}`);
  return result.failure;
}

function asked(mbs: FakeMbs): readonly string[] {
  return mbs.requests.map(({ url }) => new URL(url, 'http://fake').searchParams.get('nsvc') ?? '');
}

test('name:stream becomes the latest version in all its contexts', async () => {
  const { client } = await withMbs(
    build('perl:5.30:9:a'),
    build('perl:5.30:10:a'),
    build('perl:5.30:10:b'),
    build('perl:5.32:11:a'),
  );
  expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:10:a', 'perl:5.30:10:b']);
});

test('MBS is asked as upstream asks it', async () => {
  const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
  await names(client, ['perl:5.30']);
  expect(mbs.requests.map(({ url }) => url)).toEqual([
    '/module-build-service/1/module-builds/?nsvc=perl%3A5.30&state=5&verbose=1&order_desc_by=version&page=1&per_page=10',
  ]);
});

test('a build keeps its Koji tag', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'));
  expect(await resolve(client, ['perl:5.30'])).toEqual({
    modules: [{ name: 'perl', stream: '5.30', version: '1', context: 'a', kojiTag: 'module-perl-5.30-1-a' }],
  });
});

test('contexts that go over several pages are all there, and older versions are not paged through', async () => {
  const contexts = Array.from({ length: 25 }, (_, index) => build(`perl:5.30:2:c${String(index).padStart(2, '0')}`));
  const old = Array.from({ length: 50 }, (_, index) => build(`perl:5.30:1:c${index}`));
  const { mbs, client } = await withMbs(...old, ...contexts);
  expect(await names(client, ['perl:5.30'])).toHaveLength(25);
  expect(mbs.requests).toHaveLength(3);
});

test('versions are compared as numbers beyond what a double holds', async () => {
  const { client } = await withMbs(
    build('perl:5.30:8020020200715124551001:a'),
    build('perl:5.30:8020020200715124551002:a'),
    build('perl:5.30:90:a'),
  );
  expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:8020020200715124551002:a']);
});

test('name:stream:version takes that version, and one context where it is named', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:1:b'), build('perl:5.30:2:a'));
  expect(await names(client, ['perl:5.30:1'])).toEqual(['perl:5.30:1:a', 'perl:5.30:1:b']);
  expect(await names(client, ['perl:5.30:1:b'])).toEqual(['perl:5.30:1:b']);
});

test('runtime dependencies come along, and theirs', async () => {
  const { client } = await withMbs(
    build('app:1:1:a', [{ lib: ['2.10'], platform: ['f40'] }]),
    build('lib:2.10:5:b', [{ base: ['rolling'] }]),
    build('lib:2.1:6:b'),
    build('base:rolling:7:c', [{ bootstrap: ['f40'] }]),
  );
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'base:rolling:7:c', 'lib:2.10:5:b']);
});

test('modules that need each other end', async () => {
  const { mbs, client } = await withMbs(build('a:1:1:x', [{ b: ['1'] }]), build('b:1:1:x', [{ a: ['1'] }]));
  expect(await names(client, ['a:1'])).toEqual(['a:1:1:x', 'b:1:1:x']);
  expect(asked(mbs)).toEqual(['a:1', 'b:1']);
});

test('base modules are never looked for, and not in the result when they are asked for', async () => {
  const { mbs, client } = await withMbs(build('platform:f40:1:0'), build('app:1:1:a', [{ platform: ['f99'] }]));
  expect(await names(client, ['app:1', 'platform:f40'])).toEqual(['app:1:1:a']);
  expect([...asked(mbs)].sort()).toEqual(['app:1', 'platform:f40']);
});

test('NO_DEPS means no module dependencies, and no modulemd is read', async () => {
  const { client } = await withMbs(build('app:1:1:a', undefined, { modulemd: '{{{ not YAML' }), build('lib:2:1:a'));
  expect(await names(client, ['app:1'], { dependencies: false })).toEqual(['app:1:1:a']);
});

test('of several streams that a dependency admits those that are there come along', async () => {
  const { client } = await withMbs(
    build('app:1:1:a', [{ lib: ['1', '2', '3'] }]),
    build('lib:1:1:a'),
    build('lib:3:1:a'),
  );
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a', 'lib:3:1:a']);
});

test('a dependency on any stream is met by what is there anyway', async () => {
  const { mbs, client } = await withMbs(
    build('app:1:1:a', [{ lib: [], other: ['1'] }]),
    build('other:1:1:a', [{ lib: ['1'] }]),
    build('lib:1:1:a'),
    build('lib:2:9:a'),
  );
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a', 'other:1:1:a']);
  expect(asked(mbs)).not.toContain('lib');
});

test('a dependency on any stream takes the newest build of all streams where none is there', async () => {
  const { client } = await withMbs(
    build('app:1:1:a', [{ lib: [] }]),
    build('lib:1:8:a'),
    build('lib:2:9:a'),
    build('lib:2:9:b'),
  );
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:2:9:a', 'lib:2:9:b']);
});

test('a dependency on any stream but one takes another', async () => {
  const { client } = await withMbs(build('app:1:1:a', [{ lib: ['-2'] }]), build('lib:1:8:a'), build('lib:2:9:a'));
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:8:a']);
});

test('a dependency that only an excluded stream could meet fails', async () => {
  const { client } = await withMbs(build('app:1:1:a', [{ lib: ['-2'] }]), build('lib:2:9:a'));
  expect(await failureOf(client, ['app:1'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message: 'The module app:1:1:a requires lib in any stream but 2, and none is ready in MBS',
  });
});

test('a dependency that is not there fails, and names who requires it', async () => {
  const { client } = await withMbs(build('app:1:1:a', [{ lib: ['7'] }]));
  expect(await failureOf(client, ['app:1'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message: 'The module app:1:1:a requires lib:7, which is not ready in MBS',
  });
});

test('a module that is not there fails', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a', undefined, { state: 4 }));
  expect(await failureOf(client, ['perl:5.30'])).toEqual({
    code: 'INVALID_SOURCE',
    retryable: false,
    details: null,
    message: 'There is no module perl:5.30 in MBS that is ready; check its name, or ask with INCLUDE_DONE_MODULES',
  });
});

test('builds that are done count with INCLUDE_DONE_MODULES, or when all four parts are named', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:2:a', undefined, { state: 3 }));
  expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:1:a']);
  expect(await names(client, ['perl:5.30'], { includeDone: true })).toEqual(['perl:5.30:2:a']);
  expect(await names(client, ['perl:5.30:2:a'])).toEqual(['perl:5.30:2:a']);
  expect(await failureOf(client, ['perl:5.30:2'])).toMatchObject({ code: 'INVALID_SOURCE' });
});

test.each(['perl', 'perl:', ':5.30', 'perl:5.30:x', 'perl:5.30:1:a:b', 'perl:5.30::a', ''])(
  '%j is refused without asking MBS',
  async (name) => {
    const { mbs, client } = await withMbs();
    expect(await failureOf(client, [name])).toMatchObject({ code: 'INVALID_SOURCE' });
    expect(mbs.requests).toHaveLength(0);
  },
);

test('two versions of one stream conflict, and both are named', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:2:a'));
  expect(await failureOf(client, ['perl:5.30:1:a', 'perl:5.30:2:a'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message: expect.stringMatching(/perl:5\.30:2:a conflicts with perl:5\.30:1:a/),
  });
});

test('two contexts of one version do not conflict, and one that is named twice comes once', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:1:b'));
  expect(await names(client, ['perl:5.30:1:a', 'perl:5.30:1:b', 'perl:5.30'])).toEqual([
    'perl:5.30:1:a',
    'perl:5.30:1:b',
  ]);
});

test('two streams of one name may be asked for: a compose holds both, and its user enables one', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.32:2:a'));
  expect(await names(client, ['perl:5.30', 'perl:5.32'])).toEqual(['perl:5.30:1:a', 'perl:5.32:2:a']);
});

test('a build that needs two streams of one module fails, and says by which way', async () => {
  const { client } = await withMbs(
    build('app:1:1:a', [{ x: ['1'], y: ['1'] }]),
    build('x:1:1:a', [{ perl: ['5.30'] }]),
    build('y:1:1:a', [{ perl: ['5.32'] }]),
    build('perl:5.30:1:a'),
    build('perl:5.32:1:a'),
  );
  expect(await failureOf(client, ['app:1'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message:
      'The module app:1:1:a cannot be used: perl:5.30, which x:1:1:a requires, conflicts with perl:5.32, which y:1:1:a requires',
  });
});

test('contexts of a module may need different streams', async () => {
  const { client } = await withMbs(
    build('app:1:1:a', [{ perl: ['5.30'] }]),
    build('app:1:1:b', [{ perl: ['5.32'] }]),
    build('perl:5.30:1:a'),
    build('perl:5.32:1:a'),
  );
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'app:1:1:b', 'perl:5.30:1:a', 'perl:5.32:1:a']);
});

test('the request’s own version of a dependency is taken, not the latest', async () => {
  const { client } = await withMbs(build('app:1:1:a', [{ lib: ['2'] }]), build('lib:2:1:a'), build('lib:2:2:a'));
  expect(await names(client, ['app:1', 'lib:2:1'])).toEqual(['app:1:1:a', 'lib:2:1:a']);
});

const EL8: BaseModule = { name: 'platform', stream: 'el8', streamVersionGte: 80_100, streamVersionLte: 80_200 };

const on = (stream: string, streamVersion: number) => ({ platform: { name: 'platform', stream, streamVersion } });

test('the base module bounds what was asked for', async () => {
  const { mbs, client } = await withMbs(
    build('app:1:1:a', undefined, on('el8', 80_000)),
    build('app:1:2:a', undefined, on('el8', 80_200)),
    build('app:1:3:a', undefined, on('el8', 80_300)),
  );
  expect(await names(client, ['app:1'], { baseModule: EL8 })).toEqual(['app:1:2:a']);
  const { searchParams } = new URL(mbs.requests[0]?.url ?? '', 'http://fake');
  expect(Object.fromEntries(searchParams)).toMatchObject({
    base_module_br_name: 'platform',
    base_module_br_stream: 'el8',
    base_module_br_stream_version_gte: '80100',
    base_module_br_stream_version_lte: '80200',
  });
  expect(await failureOf(client, ['app:1'], { baseModule: { ...EL8, stream: 'el9' } })).toMatchObject({
    code: 'INVALID_SOURCE',
    message: expect.stringContaining('built on platform:el9'),
  });
});

test('what a module was built on bounds what it requires: its major version, and nothing later', async () => {
  const platforms = [
    ['5', 'el8.0.0', 80_000],
    ['6', 'el8.4.0', 80_400],
    ['7', 'el8.5.0', 80_500],
    ['8', 'el9.0.0', 90_000],
    ['4', 'el7', 70_000],
  ] as const;
  const built = (name: string) =>
    platforms.map(([version, stream, number]) => build(`${name}:${version}:a`, undefined, on(stream, number)));
  const { client } = await withMbs(
    build('app:1:1:a', [{ lib: ['1'], any: [] }], on('el8.4.0', 80_400)),
    ...built('lib:1'),
    ...built('any:1'),
  );
  expect(await names(client, ['app:1'])).toEqual(['any:1:6:a', 'app:1:1:a', 'lib:1:6:a']);
});

test('a dependency that was built for other base modules only is not there', async () => {
  const { client } = await withMbs(
    build('app:1:1:a', [{ lib: ['1'] }], on('f43', 43)),
    build('lib:1:1:a', undefined, on('f44', 44)),
    build('lib:1:2:a', undefined, on('f42', 42)),
  );
  expect(await failureOf(client, ['app:1'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message: 'The module app:1:1:a requires lib:1, which is not ready in MBS for platform:f43',
  });
});

test('a build that tells of no base module goes with any', async () => {
  const { client } = await withMbs(build('app:1:1:a', [{ lib: ['1'] }], on('f43', 43)), build('lib:1:1:a'));
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a']);
});

test('a -devel module is looked for in Koji, and brings its module in the same version', async () => {
  const { client } = await withMbs(
    build('perl:5.30:1:a', [{ lib: ['1'] }]),
    build('perl:5.30:1:b'),
    build('perl:5.30:2:a'),
    build('lib:1:1:a'),
  );
  const looked: string[] = [];
  const findInKoji: ModuleSourceOptions['findInKoji'] = async (modules) => {
    looked.push(...modules.map(formatNsvc));
    return { existing: modules.filter(({ context }) => context === 'a') };
  };
  expect(await names(client, ['perl-devel:5.30:1'], { findInKoji })).toEqual([
    'lib:1:1:a',
    'perl-devel:5.30:1:a',
    'perl:5.30:1:a',
    'perl:5.30:1:b',
  ]);
  expect(looked).toEqual(['perl-devel:5.30:1:a', 'perl-devel:5.30:1:b']);
  expect(await names(client, ['perl-devel:5.30:1'], { findInKoji, dependencies: false })).toEqual([
    'perl-devel:5.30:1:a',
  ]);
});

test('a -devel module that Koji does not have fails, and so does trouble with Koji', async () => {
  const { client } = await withMbs(build('perl:5.30:1:a'));
  expect(await failureOf(client, ['perl-devel:5.30'], { findInKoji: async () => ({ existing: [] }) })).toMatchObject({
    code: 'INVALID_SOURCE',
    message: expect.stringContaining('perl-devel:5.30'),
  });
  const down = { code: 'UPSTREAM_UNAVAILABLE', message: 'Koji is down', retryable: true, details: null } as const;
  expect(await failureOf(client, ['perl-devel:5.30'], { findInKoji: async () => ({ failure: down }) })).toEqual(down);
});

test('a module that MBS has under a name in -devel is taken as it is', async () => {
  const { client } = await withMbs(build('go-devel:1:1:a'));
  expect(await names(client, ['go-devel:1'])).toEqual(['go-devel:1:1:a']);
});

test('large modulemd documents are read as well', async () => {
  const big = build('app:1:1:a', [{ lib: ['5.10'] }]);
  const { modulemdV2 } = await import('../support/fake-mbs/modulemd.ts');
  const text = modulemdV2(big).replace(
    '      mse: TRUE',
    [
      '      mse: TRUE',
      '      rpms:',
      ...Array.from({ length: 3_000 }, (_, index) => `        package-${index}: {ref: 0123456789abcdef}`),
    ].join('\n'),
  );
  const { client } = await withMbs({ ...big, modulemd: text }, build('lib:5.10:1:a'), build('lib:5.1:1:a'));
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:5.10:1:a']);
});

test('answers of several megabytes are read as well', async () => {
  const filler = `# ${'x'.repeat(70)}\n`.repeat(10_000);
  const large = build('app:1:1:a');
  const { client } = await withMbs(
    {
      ...large,
      modulemd: `---\n${filler}document: modulemd\nversion: 2\ndata: {dependencies: [{requires: {lib: [1]}}]}\n`,
    },
    build('lib:1:1:a'),
  );
  expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a']);
});

test('a modulemd that is none fails as an invalid source', async () => {
  const { client } = await withMbs(build('app:1:1:a', undefined, { modulemd: 'just text' }));
  expect(await failureOf(client, ['app:1'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message: expect.stringContaining('app:1:1:a'),
  });
});

test.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }] as const)(
  'after a transport error ($kind) MBS is asked again',
  async (fault) => {
    const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
    mbs.fail(fault, 2);
    expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:1:a']);
    expect(mbs.requests).toHaveLength(3);
  },
);

test.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }] as const)(
  'transport errors that do not end ($kind) make MBS unavailable',
  async (fault) => {
    const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
    mbs.fail(fault, 99);
    expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/^MBS at .* did not answer/),
    });
    expect(mbs.requests).toHaveLength(3);
  },
);

test.each([
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 404 },
  { kind: 'status', status: 302 },
  { kind: 'status', status: 403 },
  { kind: 'body', body: '<html>Welcome' },
  { kind: 'body', body: '{"items": [' },
  { kind: 'body', body: '[]' },
  { kind: 'body', body: '{"items": [{"name": 1}], "meta": {"next": null, "total": 1}}' },
  {
    kind: 'body',
    body: '{"items": [{"name": "perl", "stream": "5.30", "version": "x", "context": "a", "modulemd": ""}], "meta": {"next": null, "total": 1}}',
  },
  { kind: 'body', body: 'x'.repeat(33_600_000) },
] as const)(
  'an answer that is wrong is not asked for again and makes MBS unavailable: $kind $status',
  async (fault) => {
    const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
    mbs.fail(fault, 99);
    expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/^MBS at /),
    });
    expect(mbs.requests).toHaveLength(1);
  },
);

test('what MBS calls a bad request is an invalid source, in its words', async () => {
  const { mbs, client } = await withMbs();
  mbs.fail({ kind: 'status', status: 400 });
  expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
    code: 'INVALID_SOURCE',
    message: expect.stringContaining('MBS refuses to look for the module perl:5.30'),
  });
});

test('nobody at the other end makes MBS unavailable', async () => {
  const { mbs, client } = await withMbs();
  await mbs.close();
  expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('an abort ends a question that nobody answers', async () => {
  const { mbs, client } = await withMbs();
  const control = new AbortController();
  const reason = new Error('cancelled');
  mbs.fail({ kind: 'stall' });
  const resolving = resolve(client, ['perl:5.30'], { signal: control.signal });
  await expect.poll(() => mbs.requests.length).toBe(1);
  control.abort(reason);
  await expect(resolving).rejects.toBe(reason);
});
