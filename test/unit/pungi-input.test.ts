// The files that Pungi reads, for hostile requests, too.

import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { pungiArguments } from '../../src/engines/pungi/arguments.ts';
import { pungiConfiguration, type PungiConfiguration } from '../../src/engines/pungi/configuration.ts';
import { writeInput } from '../../src/engines/pungi/input-files.ts';
import { variantsXml } from '../../src/engines/pungi/variants-xml.ts';
import { compsXml } from '../../src/engines/shared/comps.ts';
import { isPossiblePackageName } from '../../src/engines/shared/package-names.ts';
import { aCompose } from '../support/composes.ts';
import { aGeneration, opened } from '../support/generation.ts';

const IDENTITY = {
  id: 'odcs-42-1-20261122.t.0',
  date: '20261122',
  respin: 0,
  releaseShort: 'odcs-42',
  releaseVersion: '1',
};
const REPOS = { x86_64: ['/srv/repo'] };

/** Element names in order, and the texts of `element`. */
function readXml(xml: string, element: string): { readonly shape: string[]; readonly texts: string[] } {
  const shape: string[] = [];
  const texts: string[] = [];
  let inside = false;
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => {
    shape.push(name);
    inside = name === element;
    if (inside) texts.push('');
  });
  parser.on('closetag', () => (inside = false));
  parser.on('text', (text) => {
    if (inside) texts[texts.length - 1] += text;
  });
  parser.on('cdata', () => shape.push('CDATA'));
  parser.on('comment', () => shape.push('comment'));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return { shape, texts };
}

const hostileName = fc.oneof(
  fc.constantFrom(
    '</packagereq>',
    ']]>',
    '<!--',
    '&amp;',
    '"\'',
    '<?x?>',
    '{{7*7}}',
    '$(id)',
    '`id`',
    '\\',
    "a';b",
    '%end',
    '&#10;',
  ),
  fc.string({ unit: 'binary', minLength: 1 }),
);

describe('compsXml', () => {
  it('keeps its structure and the exact names, however hostile they are', () => {
    fc.assert(
      fc.property(fc.array(hostileName.filter(isPossiblePackageName), { minLength: 1, maxLength: 5 }), (names) => {
        const { shape, texts } = readXml(compsXml(names), 'packagereq');
        expect(texts).toEqual(names);
        expect(shape).toEqual([
          'comps',
          'group',
          'id',
          'name',
          'description',
          'default',
          'uservisible',
          'packagelist',
          ...names.map(() => 'packagereq'),
        ]);
      }),
    );
  });
});

describe('variantsXml', () => {
  it('has one variant with the arches', () => {
    const { shape, texts } = readXml(variantsXml(['x86_64', 'aarch64']), 'arch');
    expect(texts).toEqual(['x86_64', 'aarch64']);
    expect(shape).toEqual(['variants', 'variant', 'arches', 'arch', 'arch']);
  });
});

describe('isPossiblePackageName', () => {
  it('is false for names with a meaning in a kickstart file', () => {
    for (const name of [
      '@core',
      '-alpha',
      '%include /etc/passwd',
      '%end',
      'a#b',
      '#',
      'a b',
      'a\nb',
      'a\tb',
      '',
      'a\0',
      'a\ud800',
      'a\u0085b',
      'a\u2028b',
    ])
      expect(isPossiblePackageName(name)).toBe(false);
    for (const name of ['alpha', 'gcc-c++', 'perl(Foo::Bar)', '*', 'a[bc]?', 'foo.x86_64', '~tilde^caret', 'größe'])
      expect(isPossiblePackageName(name)).toBe(true);
  });
});

describe('pungiConfiguration', () => {
  it('has the options that Pungi knows, and none that it has removed', () => {
    const compose = aCompose({ source: { type: 'REPO', repo: '/srv/repo', packages: ['alpha'], revisions: null } });
    const configuration = pungiConfiguration(compose, IDENTITY, { repositories: REPOS }, {});
    expect(configuration).toMatchObject({
      release_name: 'odcs-42',
      release_short: 'odcs-42',
      release_version: '1',
      comps_file: 'comps.xml',
      sigkeys: [null],
      pkgset_source: 'repos',
      pkgset_repos: REPOS,
      gather_method: 'deps',
      check_deps: false,
      greedy_method: 'build',
      createrepo_checksum: 'sha256',
      skip_phases: ['createiso', 'buildinstall', 'ostree', 'live_media', 'live_images'],
    } satisfies Partial<PungiConfiguration>);
    for (const removed of ['release_is_layered', 'runroot', 'bootable', 'gather_source', 'additional_packages'])
      expect(configuration).not.toHaveProperty(removed);
  });

  it('follows flags, results, sigkeys, multilib and lookaside repositories', () => {
    const compose = aCompose({
      flags: ['NO_DEPS', 'CHECK_DEPS'],
      results: ['REPOSITORY', 'ISO'],
      sigkeys: ['abc', ''],
      multilibArches: ['x86_64'],
      multilibMethods: ['DEVEL', 'RUNTIME'],
    });
    const configuration = pungiConfiguration(
      compose,
      IDENTITY,
      { repositories: REPOS },
      { x86_64: ['/srv/lookaside'] },
    );
    expect(configuration).toMatchObject({
      gather_method: 'nodeps',
      check_deps: true,
      sigkeys: ['abc', null],
      multilib: [['^.*$', { x86_64: ['devel', 'runtime'] }]],
      gather_lookaside_repos: [['^.*$', { x86_64: ['/srv/lookaside'] }]],
      additional_packages: [['^Temporary$', { '*': ['*'] }]],
    });
    expect(configuration.skip_phases).not.toContain('createiso');
    expect(configuration).not.toHaveProperty('comps_file');
  });
});

describe('writeInput', () => {
  it('writes the reserved identity, which the arguments of pungi-koji match', async () => {
    await using run = await aGeneration('/srv/repo', {
      packages: ['alpha'],
      composeType: 'PRODUCTION',
      label: 'RC-1.0',
      parentPungiComposeIds: ['p-1', 'p-2'],
      respinOf: 'r-1',
    });
    const input = await writeInput(run.generation);
    const info = JSON.parse(
      await readFile(join(run.generation.directory, 'work/global/composeinfo-base.json'), 'utf8'),
    ) as { payload: { compose: object } };
    expect(info.payload.compose).toEqual({
      id: 'odcs-42-1-20261122.0',
      date: '20261122',
      respin: 0,
      type: 'production',
      label: 'RC-1.0',
      final: false,
    });
    expect(pungiArguments(run.generation, input)).toEqual([
      `--config=${run.generation.scratch}/config/pungi.json`,
      '--no-latest-link',
      `--compose-dir=${run.generation.directory}`,
      '--production',
      '--label=RC-1.0',
      '--parent-compose-id=p-1',
      '--parent-compose-id=p-2',
      '--respin-of=r-1',
      `--notification-script=${run.generation.scratch}/notify`,
    ]);
  });

  it('replaces repository locations that a kickstart file cannot hold, and only those', async () => {
    await using run = await aGeneration('/srv/repo', { arches: ['x86_64'] });
    const places = ['/srv/plain', "/srv/o'dd name #1", 'https://host/a$b/', '/srv/$releasever'];
    const repositories = places.map((place) => opened(place, 'x86_64'));
    await writeInput({ ...run.generation, input: { ...run.generation.input, repositories } });
    const configuration = JSON.parse(await readFile(join(run.generation.scratch, 'config/pungi.json'), 'utf8')) as {
      readonly pkgset_repos: Record<string, string[]>;
    };
    const [plain = '', odd = '', url = '', variable = ''] = configuration.pkgset_repos['x86_64'] ?? [];
    expect(plain).toBe('/srv/plain');
    expect(await readlink(odd)).toBe("/srv/o'dd name #1");
    expect(url).toBe('https://host/a%24b/');
    expect(await readlink(variable)).toBe('/srv/$releasever');
    expect(existsSync(join(run.generation.scratch, 'config/comps.xml'))).toBe(false);
  });
});
