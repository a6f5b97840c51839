// Tags and builds of Koji by the dnf engine: the packages that Pungi would take, in moments, from Koji's files.

import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { startKojiByDnf, type KojiByDnf } from '../support/koji-by-dnf.ts';
import { keepInKoji } from '../support/koji-packages.ts';
import { namesAll } from '../support/names-all.ts';

const FIELDS =
  'state failure { code message details } reuses { id } packages { nodes { nevra sigkey } } source { ... on TagSource { kojiEvent } }';
const KEY = '91381b71';
const OTHER_KEY = 'cb7329b7';
const HELLO = ['greet', 'hello', 'hello-data', 'libhello'];

interface Ended {
  readonly state: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly reuses: { readonly id: string } | null;
  readonly packages: { readonly nodes: readonly { readonly nevra: string; readonly sigkey: string | null }[] };
  readonly source: { readonly kojiEvent?: number };
}

describe.each(['mounted', 'served'] as const)('Koji’s files are %s:', (how) => {
  let lab: KojiByDnf;

  beforeAll(async () => {
    lab = await startKojiByDnf(how);
    const { koji, topDir } = lab;
    koji.addTag('f43-base');
    koji.addTag('f43', { parents: ['f43-base'] });
    const nvrs = await keepInKoji(koji, topDir, SAMPLE_SOURCES, {
      sigkeys: { hello: [KEY], 'hello-data': [KEY], greet: [KEY, OTHER_KEY] },
    });
    for (const nvr of nvrs) koji.tagBuild('f43-base', nvr);
    await Promise.all([
      keepInKoji(koji, topDir, [{ name: 'greet', version: '0.5', packages: [{ files: ['/usr/bin/greet'] }] }]),
      keepInKoji(
        koji,
        topDir,
        [
          {
            name: 'both',
            arches: ['x86_64', 'aarch64'],
            debug: ['both'],
            packages: [{ requires: ['both-doc'] }, { name: 'both-doc', noarch: true }],
          },
        ],
        { volume: 'archive' },
      ),
    ]);
    await lab.makeRepo('f43');
  }, 120_000);

  afterAll(() => lab?.stop());

  async function composed(input: object): Promise<Ended> {
    return (await lab.service.ended(
      await lab.service.request({ arches: ['x86_64'], ...input }),
      FIELDS,
    )) as unknown as Ended;
  }

  function namesOf({ packages }: Ended): string[] {
    return [...new Set(packages.nodes.map(({ nevra }) => nevra.replace(/-\d+:.*$/, '')))].sort();
  }

  function nevrasOf({ packages }: Ended): string[] {
    return packages.nodes.map(({ nevra }) => nevra).sort();
  }

  it('a tag with all that it inherits, sources and debug packages that Koji’s own repository has not', async () => {
    const done = await composed({ source: { tag: { tag: 'f43', packages: ['hello'] } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(nevrasOf(done)).toEqual([
      'greet-0:0.9-1.src',
      'greet-0:0.9-1.x86_64',
      'hello-0:2.12-1.src',
      'hello-0:2.12-1.x86_64',
      'hello-data-0:2.3-1.noarch',
      'hello-data-0:2.3-1.src',
      'hello-debuginfo-0:2.12-1.x86_64',
      'hello-debugsource-0:2.12-1.x86_64',
      'libhello-0:2.12-1.x86_64',
      'libhello-debuginfo-0:2.12-1.x86_64',
    ]);
  });

  it('nothing of it where nothing of it is tagged directly', async () => {
    expect(
      await composed({ source: { tag: { tag: 'f43', packages: ['hello'] } }, flags: ['NO_INHERITANCE'] }),
    ).toMatchObject({ state: 'FAILED', failure: { code: 'MISSING_PACKAGES' } });
    expect(
      await composed({ source: { tag: { tag: 'f43-base', packages: ['hello'] } }, flags: ['NO_INHERITANCE'] }),
    ).toMatchObject({ state: 'DONE', failure: null });
  });

  it('a build in place of the one of its package that is tagged', async () => {
    const done = await composed({ source: { tag: { tag: 'f43', packages: ['hello'], builds: ['greet-0.5-1'] } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(nevrasOf(done).filter((nevra) => nevra.startsWith('greet'))).toEqual([
      'greet-0:0.5-1.src',
      'greet-0:0.5-1.x86_64',
    ]);
  });

  it('builds alone, of several arches, wherever Koji keeps them', async () => {
    const done = await composed({
      source: { build: { builds: ['both-1.0-1', 'cowsay-3.04-7'] } },
      arches: ['x86_64', 'aarch64'],
    });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect([...new Set(nevrasOf(done))]).toEqual([
      'both-0:1.0-1.aarch64',
      'both-0:1.0-1.src',
      'both-0:1.0-1.x86_64',
      'both-debuginfo-0:1.0-1.aarch64',
      'both-debuginfo-0:1.0-1.x86_64',
      'both-debugsource-0:1.0-1.aarch64',
      'both-debugsource-0:1.0-1.x86_64',
      'both-doc-0:1.0-1.noarch',
      'cowsay-0:3.04-7.noarch',
      'cowsay-0:3.04-7.src',
    ]);
  });

  it('the copies signed with the first of the keys asked for that each is signed with', async () => {
    const done = await composed({ source: { tag: { tag: 'f43', packages: ['hello'] } }, sigkeys: [OTHER_KEY, KEY] });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(
      Object.fromEntries(done.packages.nodes.map(({ nevra, sigkey }) => [nevra.replace(/-\d.*$/, ''), sigkey])),
    ).toMatchObject({ greet: OTHER_KEY, hello: KEY, 'hello-data': KEY, libhello: KEY, 'hello-debuginfo': KEY });
  });

  it('unsigned packages where they are allowed, and a failure that names them where not', async () => {
    const allowed = await composed({
      source: { tag: { tag: 'f43', packages: ['unrelated', 'greet'] } },
      sigkeys: [KEY, ''],
    });
    expect(allowed).toMatchObject({ state: 'DONE', failure: null });
    expect(
      Object.fromEntries(allowed.packages.nodes.map(({ nevra, sigkey }) => [nevra.replace(/-\d.*$/, ''), sigkey])),
    ).toEqual({ cowsay: null, greet: KEY, unrelated: null });
    const refused = await composed({
      source: { tag: { tag: 'f43', packages: ['unrelated', 'greet'] } },
      sigkeys: [KEY],
    });
    expect(refused).toMatchObject({ state: 'FAILED', failure: { code: 'UNSIGNED_PACKAGES' } });
    for (const name of ['unrelated-0:1.0-1.x86_64', 'unrelated-0:1.0-1.src', 'cowsay-0:3.04-7.noarch'])
      expect(refused.failure?.message).toContain(name);
    expect(refused.failure?.message).not.toContain('greet');
  });

  it('a failure of its own for signed copies that Koji has removed', async () => {
    await keepInKoji(lab.koji, lab.topDir, [{ name: 'pruned', packages: [{}] }], { sigkeys: { pruned: [KEY] } });
    await rm(join(lab.topDir, 'packages/pruned/1.0/1/data'), { recursive: true });
    expect(await composed({ source: { build: { builds: ['pruned-1.0-1'] } }, sigkeys: [KEY] })).toMatchObject({
      state: 'FAILED',
      failure: {
        code: 'UNSIGNED_PACKAGES',
        message: namesAll(KEY, 'pruned', 'write-signed-rpm'),
      },
    });
  });

  it('what was tagged since Koji’s repository was made, and what was at an event before', async () => {
    const { koji } = lab;
    const before = koji.lastEvent;
    const greetOf = async (kojiEvent?: number) => {
      const done = await composed({
        source: { tag: { tag: 'f43', packages: ['hello'], ...(kojiEvent !== undefined && { kojiEvent }) } },
      });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      return nevrasOf(done).find((nevra) => /^greet-.*x86_64$/.test(nevra));
    };
    koji.tagBuild('f43-base', 'greet-0.5-1');
    try {
      expect(await greetOf()).toBe('greet-0:0.5-1.x86_64');
      expect(await greetOf(before)).toBe('greet-0:0.9-1.x86_64');
      await lab.makeRepo('f43');
      expect(await greetOf(before)).toBe('greet-0:0.9-1.x86_64');
    } finally {
      koji.untagBuild('f43-base', 'greet-0.5-1');
      await lab.makeRepo('f43');
    }
  });

  it.each([
    ['gone', (repo: string) => rm(repo, { recursive: true })],
    [
      'damaged',
      async (repo: string) => {
        const primary = (await readdir(join(repo, 'repodata'))).find((name) => name.includes('-primary.')) ?? '';
        await writeFile(join(repo, 'repodata', primary), 'damaged');
      },
    ],
  ])('the same where Koji’s own repository is %s', async (_, harm) => {
    const id = await lab.makeRepo('f43');
    await harm(join(lab.topDir, 'repos', 'f43', String(id), 'x86_64'));
    const done = await composed({ source: { tag: { tag: 'f43', packages: ['cowsay'] } }, flags: ['NO_REUSE'] });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(nevrasOf(done)).toEqual(['cowsay-0:3.04-7.noarch', 'cowsay-0:3.04-7.src']);
    await lab.makeRepo('f43');
  });

  it.runIf(how === 'served')('no download of what is too much only to be looked into', async () => {
    lab.koji.addTag('large');
    lab.koji.addBuild('large-1-1', { rpms: [{ arch: 'src' }, { sizeBytes: 5 * 1024 ** 3 }] });
    lab.koji.tagBuild('large', 'large-1-1');
    expect(await composed({ source: { tag: { tag: 'large' } } })).toMatchObject({
      state: 'FAILED',
      failure: {
        code: 'UPSTREAM_UNAVAILABLE',
        message: namesAll('large', '5120 MiB'),
      },
    });
  });

  it('one result for two composes of a tag in which nothing changed', async () => {
    const first = await lab.service.request({
      arches: ['x86_64'],
      source: { tag: { tag: 'f43', packages: ['cowsay'] } },
    });
    await lab.service.ended(first, 'state');
    lab.koji.eventElsewhere();
    expect(await composed({ source: { tag: { tag: 'f43', packages: ['cowsay'] } } })).toMatchObject({
      state: 'DONE',
      reuses: { id: first },
    });
  });

  it('a failure for files that are not what the hub tells, or not there', async () => {
    const place = (release: string) =>
      join(lab.topDir, `packages/broken/1.0/${release}/x86_64/broken-1.0-${release}.x86_64.rpm`);
    await keepInKoji(lab.koji, lab.topDir, [{ name: 'broken' }, { name: 'broken', release: '2' }]);
    const bytes = await readFile(place('1'));
    await writeFile(place('1'), Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
    expect(await composed({ source: { build: { builds: ['broken-1.0-1'] } } })).toMatchObject({
      state: 'FAILED',
      failure: {
        code: 'UPSTREAM_UNAVAILABLE',
        message: namesAll('broken-0:1.0-1.x86_64', 'checksum'),
      },
    });
    await rm(place('2'));
    expect(await composed({ source: { build: { builds: ['broken-1.0-2'] } } })).toMatchObject({
      state: 'FAILED',
      failure: {
        code: 'UPSTREAM_UNAVAILABLE',
        message: namesAll('broken-0:1.0-2.x86_64'),
      },
    });
  });

  it('the names of tags, events and builds that are not there', async () => {
    for (const source of [
      { tag: { tag: 'f99' } },
      { tag: { tag: 'f43', kojiEvent: 999_999 } },
      { build: { builds: ['nothere-1-1'] } },
    ]) {
      expect(await composed({ source })).toMatchObject({ state: 'FAILED', failure: { code: 'INVALID_SOURCE' } });
    }
  });

  it('a plan that names the packages, where looking into them brings nothing from afar', async () => {
    const { data } = await lab.service.query(
      'query ($input: CreateComposeInput!) { composePlan(input: $input) { packages { nevra } } }',
      { input: { arches: ['x86_64'], source: { tag: { tag: 'f43', packages: ['hello-data'] } }, flags: ['NO_REUSE'] } },
    );
    const plan = data?.['composePlan'] as { packages: readonly { nevra: string }[] | null } | undefined;
    expect(plan?.packages?.map(({ nevra }) => nevra).sort() ?? null).toEqual(
      how === 'served'
        ? null
        : ['greet-0:0.9-1.src', 'greet-0:0.9-1.x86_64', 'hello-data-0:2.3-1.noarch', 'hello-data-0:2.3-1.src'],
    );
  });

  it('nothing of what is for Pungi alone, by a refusal that names it', async () => {
    for (const [field, value] of [
      ['scratchBuildTasks', ['7']],
      ['modularTags', ['f43-modular']],
      ['moduleDefaults', { url: 'https://git.example/defaults.git', commit: 'main' }],
    ] as const) {
      const { extensions } = await lab.service.refused({ source: { tag: { tag: 'f43', [field]: value } } });
      expect(extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path: `input.source.tag.${field}`, message: namesAll('pungi') }],
      });
    }
  });

  it('a whole tag', async () => {
    expect(
      namesOf(await composed({ source: { tag: { tag: 'f43' } } })).filter((name) => !name.includes('-debug')),
    ).toEqual([...HELLO, 'cowsay', 'libhello-devel', 'unrelated'].sort());
  });
});
