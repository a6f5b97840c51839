// Modules of a request against an MBS over HTTP.

import { describe, expect, it } from 'vitest';
import type { BaseModule } from '../../src/compose/sources/module.ts';
import type { ResolveModulesOptions } from '../../src/sources/module/resolve-modules.ts';
import { formatNsvc } from '../../src/upstreams/mbs/nsvc.ts';
import { build } from '../support/fake-mbs/index.ts';
import { asked, failureOf, names, resolve, withMbs } from '../support/fake-mbs/resolving.ts';
import { namesAll } from '../support/names-all.ts';

describe('resolveModules', () => {
  it('name:stream resolves to the latest version in all its contexts', async () => {
    const { client } = await withMbs(
      build('perl:5.30:9:a'),
      build('perl:5.30:10:a'),
      build('perl:5.30:10:b'),
      build('perl:5.32:11:a'),
    );
    expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:10:a', 'perl:5.30:10:b']);
  });

  it('MBS is called with the parameters of the original ODCS', async () => {
    const { mbs, client } = await withMbs(build('perl:5.30:1:a'));
    await names(client, ['perl:5.30']);
    expect(mbs.requests.map(({ url }) => url)).toEqual([
      '/module-build-service/1/module-builds/?nsvc=perl%3A5.30&state=5&verbose=1&order_desc_by=version&page=1&per_page=10',
    ]);
  });

  it('a build keeps its Koji tag', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'));
    expect(await resolve(client, ['perl:5.30'])).toEqual({
      value: [{ name: 'perl', stream: '5.30', version: '1', context: 'a', kojiTag: 'module-perl-5.30-1-a' }],
    });
  });

  it('contexts on several pages are all found, and pages of older versions are not read', async () => {
    const contexts = Array.from({ length: 25 }, (_, index) => build(`perl:5.30:2:c${String(index).padStart(2, '0')}`));
    const old = Array.from({ length: 50 }, (_, index) => build(`perl:5.30:1:c${index}`));
    const { mbs, client } = await withMbs(...old, ...contexts);
    expect(await names(client, ['perl:5.30'])).toHaveLength(25);
    expect(mbs.requests).toHaveLength(3);
  });

  it('versions are compared as numbers, even beyond 2^53', async () => {
    const { client } = await withMbs(
      build('perl:5.30:8020020200715124551001:a'),
      build('perl:5.30:8020020200715124551002:a'),
      build('perl:5.30:90:a'),
    );
    expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:8020020200715124551002:a']);
  });

  it('name:stream:version takes that version, and one context where it is named', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:1:b'), build('perl:5.30:2:a'));
    expect(await names(client, ['perl:5.30:1'])).toEqual(['perl:5.30:1:a', 'perl:5.30:1:b']);
    expect(await names(client, ['perl:5.30:1:b'])).toEqual(['perl:5.30:1:b']);
  });

  it('runtime dependencies are included, and theirs', async () => {
    const { client } = await withMbs(
      build('app:1:1:a', [{ lib: ['2.10'], platform: ['f40'] }]),
      build('lib:2.10:5:b', [{ base: ['rolling'] }]),
      build('lib:2.1:6:b'),
      build('base:rolling:7:c', [{ bootstrap: ['f40'] }]),
    );
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'base:rolling:7:c', 'lib:2.10:5:b']);
  });

  it('modules that require each other are resolved once', async () => {
    const { mbs, client } = await withMbs(build('a:1:1:x', [{ b: ['1'] }]), build('b:1:1:x', [{ a: ['1'] }]));
    expect(await names(client, ['a:1'])).toEqual(['a:1:1:x', 'b:1:1:x']);
    expect(asked(mbs)).toEqual(['a:1', 'b:1']);
  });

  it('base modules are not looked up as dependencies and not in the result', async () => {
    const { mbs, client } = await withMbs(build('platform:f40:1:0'), build('app:1:1:a', [{ platform: ['f99'] }]));
    expect(await names(client, ['app:1', 'platform:f40'])).toEqual(['app:1:1:a']);
    expect([...asked(mbs)].sort()).toEqual(['app:1', 'platform:f40']);
  });

  it('NO_DEPS means no module dependencies, and no modulemd is read', async () => {
    const { client } = await withMbs(build('app:1:1:a', undefined, { modulemd: '{{{ not YAML' }), build('lib:2:1:a'));
    expect(await names(client, ['app:1'], { dependencies: false })).toEqual(['app:1:1:a']);
  });

  it('of the streams that a dependency accepts, those that exist are included', async () => {
    const { client } = await withMbs(
      build('app:1:1:a', [{ lib: ['1', '2', '3'] }]),
      build('lib:1:1:a'),
      build('lib:3:1:a'),
    );
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a', 'lib:3:1:a']);
  });

  it('a dependency on any stream is satisfied by a stream that is included already', async () => {
    const { mbs, client } = await withMbs(
      build('app:1:1:a', [{ lib: [], other: ['1'] }]),
      build('other:1:1:a', [{ lib: ['1'] }]),
      build('lib:1:1:a'),
      build('lib:2:9:a'),
    );
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a', 'other:1:1:a']);
    expect(asked(mbs)).not.toContain('lib');
  });

  it('a dependency on any stream takes the newest build of all streams where none is included', async () => {
    const { client } = await withMbs(
      build('app:1:1:a', [{ lib: [] }]),
      build('lib:1:8:a'),
      build('lib:2:9:a'),
      build('lib:2:9:b'),
    );
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:2:9:a', 'lib:2:9:b']);
  });

  it('a dependency that excludes a stream takes another one', async () => {
    const { client } = await withMbs(build('app:1:1:a', [{ lib: ['-2'] }]), build('lib:1:8:a'), build('lib:2:9:a'));
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:8:a']);
  });

  it('a dependency that only an excluded stream satisfies fails', async () => {
    const { client } = await withMbs(build('app:1:1:a', [{ lib: ['-2'] }]), build('lib:2:9:a'));
    expect(await failureOf(client, ['app:1'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('app:1:1:a', 'lib', '2'),
    });
  });

  it('a dependency that does not exist fails and names the module that requires it', async () => {
    const { client } = await withMbs(build('app:1:1:a', [{ lib: ['7'] }]));
    expect(await failureOf(client, ['app:1'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('app:1:1:a', 'lib:7'),
    });
  });

  it('a module that does not exist fails', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a', undefined, { state: 4 }));
    expect(await failureOf(client, ['perl:5.30'])).toMatchObject({
      code: 'INVALID_SOURCE',
      retryable: false,
      message: namesAll('perl:5.30', 'INCLUDE_DONE_MODULES'),
    });
  });

  it('builds that are done count with INCLUDE_DONE_MODULES, or when all four parts are named', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:2:a', undefined, { state: 3 }));
    expect(await names(client, ['perl:5.30'])).toEqual(['perl:5.30:1:a']);
    expect(await names(client, ['perl:5.30'], { includeDone: true })).toEqual(['perl:5.30:2:a']);
    expect(await names(client, ['perl:5.30:2:a'])).toEqual(['perl:5.30:2:a']);
    expect(await failureOf(client, ['perl:5.30:2'])).toMatchObject({ code: 'INVALID_SOURCE' });
  });

  it.each(['perl', 'perl:', ':5.30', 'perl:5.30:x', 'perl:5.30:1:a:b', 'perl:5.30::a', ''])(
    '%j is refused without asking MBS',
    async (name) => {
      const { mbs, client } = await withMbs();
      expect(await failureOf(client, [name])).toMatchObject({ code: 'INVALID_SOURCE' });
      expect(mbs.requests).toHaveLength(0);
    },
  );

  it('two versions of one stream conflict, and both are named', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:2:a'));
    expect(await failureOf(client, ['perl:5.30:1:a', 'perl:5.30:2:a'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('perl:5.30:2:a', 'perl:5.30:1:a'),
    });
  });

  it('two contexts of one version do not conflict, and a build that is named twice is included once', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.30:1:b'));
    expect(await names(client, ['perl:5.30:1:a', 'perl:5.30:1:b', 'perl:5.30'])).toEqual([
      'perl:5.30:1:a',
      'perl:5.30:1:b',
    ]);
  });

  it('two streams of one name may be requested, of which a user enables one', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'), build('perl:5.32:2:a'));
    expect(await names(client, ['perl:5.30', 'perl:5.32'])).toEqual(['perl:5.30:1:a', 'perl:5.32:2:a']);
  });

  it('a build that requires two streams of one module fails and names the way', async () => {
    const { client } = await withMbs(
      build('app:1:1:a', [{ x: ['1'], y: ['1'] }]),
      build('x:1:1:a', [{ perl: ['5.30'] }]),
      build('y:1:1:a', [{ perl: ['5.32'] }]),
      build('perl:5.30:1:a'),
      build('perl:5.32:1:a'),
    );
    expect(await failureOf(client, ['app:1'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('app:1:1:a', 'perl:5.30', 'x:1:1:a', 'perl:5.32', 'y:1:1:a'),
    });
  });

  it('contexts of a module may require different streams', async () => {
    const { client } = await withMbs(
      build('app:1:1:a', [{ perl: ['5.30'] }]),
      build('app:1:1:b', [{ perl: ['5.32'] }]),
      build('perl:5.30:1:a'),
      build('perl:5.32:1:a'),
    );
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'app:1:1:b', 'perl:5.30:1:a', 'perl:5.32:1:a']);
  });

  it('the request’s own version of a dependency is taken, not the latest', async () => {
    const { client } = await withMbs(build('app:1:1:a', [{ lib: ['2'] }]), build('lib:2:1:a'), build('lib:2:2:a'));
    expect(await names(client, ['app:1', 'lib:2:1'])).toEqual(['app:1:1:a', 'lib:2:1:a']);
  });

  const EL8: BaseModule = { name: 'platform', stream: 'el8', streamVersionGte: 80_100, streamVersionLte: 80_200 };

  const on = (stream: string, streamVersion: number) => ({ platform: { name: 'platform', stream, streamVersion } });

  it('the base module of the request bounds the named modules', async () => {
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
      message: namesAll('app:1', 'platform:el9'),
    });
  });

  it('the base module of a build bounds its dependencies to the major version and to nothing later', async () => {
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

  it('a dependency that was built for other base modules only does not count', async () => {
    const { client } = await withMbs(
      build('app:1:1:a', [{ lib: ['1'] }], on('f43', 43)),
      build('lib:1:1:a', undefined, on('f44', 44)),
      build('lib:1:2:a', undefined, on('f42', 42)),
    );
    expect(await failureOf(client, ['app:1'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('app:1:1:a', 'lib:1', 'platform:f43'),
    });
  });

  it('a build without a base module fits any', async () => {
    const { client } = await withMbs(build('app:1:1:a', [{ lib: ['1'] }], on('f43', 43)), build('lib:1:1:a'));
    expect(await names(client, ['app:1'])).toEqual(['app:1:1:a', 'lib:1:1:a']);
  });

  it('a -devel module is looked up in Koji and includes its module in the same version', async () => {
    const { client } = await withMbs(
      build('perl:5.30:1:a', [{ lib: ['1'] }]),
      build('perl:5.30:1:b'),
      build('perl:5.30:2:a'),
      build('lib:1:1:a'),
    );
    const looked: string[] = [];
    const findInKoji: ResolveModulesOptions['findInKoji'] = async (modules) => {
      looked.push(...modules.map(formatNsvc));
      return { value: modules.filter(({ context }) => context === 'a') };
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

  it('a -devel module that Koji does not have fails, and so does a failure of Koji', async () => {
    const { client } = await withMbs(build('perl:5.30:1:a'));
    expect(await failureOf(client, ['perl-devel:5.30'], { findInKoji: async () => ({ value: [] }) })).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('perl-devel:5.30'),
    });
    const down = { code: 'UPSTREAM_UNAVAILABLE', message: 'Koji is down', retryable: true, details: null } as const;
    expect(await failureOf(client, ['perl-devel:5.30'], { findInKoji: async () => ({ failure: down }) })).toEqual(down);
  });

  it('a module that MBS has under a -devel name is included as it is', async () => {
    const { client } = await withMbs(build('go-devel:1:1:a'));
    expect(await names(client, ['go-devel:1'])).toEqual(['go-devel:1:1:a']);
  });

  it('large modulemd documents are read in a thread', async () => {
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

  it('answers of several megabytes are read', async () => {
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

  it('a text that is no modulemd document fails as an invalid source', async () => {
    const { client } = await withMbs(build('app:1:1:a', undefined, { modulemd: 'just text' }));
    expect(await failureOf(client, ['app:1'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('app:1:1:a'),
    });
  });
});
