// Tags and builds of Koji by the dnf engine, which selects the same packages as Pungi.

import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { binaryNames, ENDED_FIELDS, nevrasOf, type EndedCompose } from '../support/ended-compose.ts';
import { directoryTest } from '../support/fixtures.ts';
import { rootField } from '../support/http.ts';
import { startKojiByDnf, type KojiByDnf } from '../support/koji-by-dnf.ts';
import { keepInKoji } from '../support/koji-packages.ts';
import { namesAll } from '../support/names-all.ts';

const KEY = '91381b71';
const OTHER_KEY = 'cb7329b7';

/** The tag f43 inherits from f43-base, which has the samples. Other builds are not tagged. */
async function fill({ koji, topDir, makeRepo }: KojiByDnf): Promise<void> {
  koji.addTag('f43-base');
  koji.addTag('f43', { parents: ['f43-base'] });
  const nvrs = await keepInKoji(koji, topDir, SAMPLE_SOURCES, {
    sigkeys: { hello: [KEY], 'hello-data': [KEY], greet: [KEY, OTHER_KEY] },
  });
  for (const nvr of nvrs) koji.tagBuild('f43-base', nvr);
  const both = {
    name: 'both',
    arches: ['x86_64', 'aarch64'],
    debug: ['both'],
    packages: [{ requires: ['both-doc'] }, { name: 'both-doc', noarch: true }],
  };
  await Promise.all([
    keepInKoji(koji, topDir, [{ name: 'greet', version: '0.5', packages: [{ files: ['/usr/bin/greet'] }] }]),
    keepInKoji(koji, topDir, [both], { volume: 'archive' }),
  ]);
  await makeRepo('f43');
}

function testWith(files: 'mounted' | 'served') {
  return directoryTest
    .extend('lab', { scope: 'file' }, async ({ directory }, { onCleanup }) => {
      const lab = await startKojiByDnf(join(directory, files), files);
      onCleanup(() => lab.stop());
      await fill(lab);
      return lab;
    })
    .extend(
      'compose',
      { scope: 'file' },
      ({ lab }) =>
        (input: object) =>
          lab.service.composed<EndedCompose>({ arches: ['x86_64'], ...input }, ENDED_FIELDS),
    );
}

const TESTS = { mounted: testWith('mounted'), served: testWith('served') };

function sigkeysByName({ packages }: EndedCompose): Readonly<Record<string, string | null>> {
  return Object.fromEntries((packages?.nodes ?? []).map(({ name, sigkey }) => [name, sigkey]));
}

describe.each(['mounted', 'served'] as const)(
  'The dnf engine, if the files of Koji are %s,',
  { timeout: 120_000 },
  (files) => {
    const it = TESTS[files];

    it('makes a compose of a tag with inherited packages, and with the source and debug packages that Koji’s repository lacks', async ({
      compose,
    }) => {
      const done = await compose({ source: { tag: { tag: 'f43', packages: ['hello'] } } });
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

    it('uses no inherited packages under NO_INHERITANCE', async ({ compose }) => {
      expect(
        await compose({ source: { tag: { tag: 'f43', packages: ['hello'] } }, flags: ['NO_INHERITANCE'] }),
      ).toMatchObject({ state: 'FAILED', failure: { code: 'MISSING_PACKAGES' } });
      expect(
        await compose({ source: { tag: { tag: 'f43-base', packages: ['hello'] } }, flags: ['NO_INHERITANCE'] }),
      ).toMatchObject({ state: 'DONE', failure: null });
    });

    it('replaces a tagged build by the requested build of the same package', async ({ compose }) => {
      const done = await compose({ source: { tag: { tag: 'f43', packages: ['hello'], builds: ['greet-0.5-1'] } } });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      expect(nevrasOf(done).filter((nevra) => nevra.startsWith('greet'))).toEqual([
        'greet-0:0.5-1.src',
        'greet-0:0.5-1.x86_64',
      ]);
    });

    it('makes a compose of builds for several arches, from any volume of Koji', async ({ compose }) => {
      const done = await compose({
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

    it('uses for each package the copy that is signed with the first possible sigkey of the request', async ({
      compose,
    }) => {
      const done = await compose({ source: { tag: { tag: 'f43', packages: ['hello'] } }, sigkeys: [OTHER_KEY, KEY] });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      expect(sigkeysByName(done)).toMatchObject({
        greet: OTHER_KEY,
        hello: KEY,
        'hello-data': KEY,
        libhello: KEY,
        'hello-debuginfo': KEY,
      });
    });

    it('uses unsigned packages only if the request allows them, and otherwise names them in the failure', async ({
      compose,
    }) => {
      const allowed = await compose({
        source: { tag: { tag: 'f43', packages: ['unrelated', 'greet'] } },
        sigkeys: [KEY, ''],
      });
      expect(allowed).toMatchObject({ state: 'DONE', failure: null });
      expect(sigkeysByName(allowed)).toEqual({ cowsay: null, greet: KEY, unrelated: null });
      const refused = await compose({
        source: { tag: { tag: 'f43', packages: ['unrelated', 'greet'] } },
        sigkeys: [KEY],
      });
      expect(refused).toMatchObject({ state: 'FAILED', failure: { code: 'UNSIGNED_PACKAGES' } });
      for (const name of ['unrelated-0:1.0-1.x86_64', 'unrelated-0:1.0-1.src', 'cowsay-0:3.04-7.noarch'])
        expect(refused.failure?.message).toContain(name);
      expect(refused.failure?.message).not.toContain('greet');
    });

    it('fails with UNSIGNED_PACKAGES if Koji has deleted the signed copies', async ({ lab, compose }) => {
      await keepInKoji(lab.koji, lab.topDir, [{ name: 'pruned', packages: [{}] }], { sigkeys: { pruned: [KEY] } });
      await rm(join(lab.topDir, 'packages/pruned/1.0/1/data'), { recursive: true });
      expect(await compose({ source: { build: { builds: ['pruned-1.0-1'] } }, sigkeys: [KEY] })).toMatchObject({
        state: 'FAILED',
        failure: {
          code: 'UNSIGNED_PACKAGES',
          message: namesAll(KEY, 'pruned', 'write-signed-rpm'),
        },
      });
    });

    it('uses builds that are newer than Koji’s repository, and the builds of an earlier event', async ({
      lab,
      compose,
    }) => {
      const { koji } = lab;
      const before = koji.lastEvent;
      const greetOf = async (kojiEvent?: number) => {
        const done = await compose({
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

    it.for([
      ['missing', (repo: string) => rm(repo, { recursive: true })],
      [
        'damaged',
        async (repo: string) => {
          const primary = (await readdir(join(repo, 'repodata'))).find((name) => name.includes('-primary.')) ?? '';
          await writeFile(join(repo, 'repodata', primary), 'damaged');
        },
      ],
    ] as const)('makes the same compose if Koji’s repository is %s', async ([, damage], { lab, compose }) => {
      const id = await lab.makeRepo('f43');
      await damage(join(lab.topDir, 'repos', 'f43', String(id), 'x86_64'));
      const done = await compose({ source: { tag: { tag: 'f43', packages: ['cowsay'] } }, flags: ['NO_REUSE'] });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      expect(nevrasOf(done)).toEqual(['cowsay-0:3.04-7.noarch', 'cowsay-0:3.04-7.src']);
      await lab.makeRepo('f43');
    });

    it.runIf(files === 'served')(
      'downloads no packages above the limit for reading their metadata',
      async ({ lab, compose }) => {
        lab.koji.addTag('large');
        lab.koji.addBuild('large-1-1', { rpms: [{ arch: 'src' }, { sizeBytes: 5 * 1024 ** 3 }] });
        lab.koji.tagBuild('large', 'large-1-1');
        expect(await compose({ source: { tag: { tag: 'large' } } })).toMatchObject({
          state: 'FAILED',
          failure: {
            code: 'UPSTREAM_UNAVAILABLE',
            message: namesAll('large', '5120 MiB'),
          },
        });
      },
    );

    it('reuses the compose of a tag that has not changed', async ({ lab, compose }) => {
      const first = await lab.service.request({
        arches: ['x86_64'],
        source: { tag: { tag: 'f43', packages: ['cowsay'] } },
      });
      await lab.service.ended(first, 'state');
      lab.koji.eventElsewhere();
      expect(await compose({ source: { tag: { tag: 'f43', packages: ['cowsay'] } } })).toMatchObject({
        state: 'DONE',
        reuses: { id: first },
      });
    });

    it('fails with UPSTREAM_UNAVAILABLE if a file is missing, or its checksum differs from the hub’s', async ({
      lab,
      compose,
    }) => {
      const path = (release: string) =>
        join(lab.topDir, `packages/broken/1.0/${release}/x86_64/broken-1.0-${release}.x86_64.rpm`);
      await keepInKoji(lab.koji, lab.topDir, [{ name: 'broken' }, { name: 'broken', release: '2' }]);
      const bytes = await readFile(path('1'));
      await writeFile(path('1'), Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
      expect(await compose({ source: { build: { builds: ['broken-1.0-1'] } } })).toMatchObject({
        state: 'FAILED',
        failure: {
          code: 'UPSTREAM_UNAVAILABLE',
          message: namesAll('broken-0:1.0-1.x86_64', 'checksum'),
        },
      });
      await rm(path('2'));
      expect(await compose({ source: { build: { builds: ['broken-1.0-2'] } } })).toMatchObject({
        state: 'FAILED',
        failure: {
          code: 'UPSTREAM_UNAVAILABLE',
          message: namesAll('broken-0:1.0-2.x86_64'),
        },
      });
    });

    it('fails with INVALID_SOURCE for tags, events and builds that do not exist', async ({ compose }) => {
      for (const source of [
        { tag: { tag: 'f99' } },
        { tag: { tag: 'f43', kojiEvent: 999_999 } },
        { build: { builds: ['nothere-1-1'] } },
      ]) {
        expect(await compose({ source })).toMatchObject({ state: 'FAILED', failure: { code: 'INVALID_SOURCE' } });
      }
    });

    it('plans the packages of a compose only if their metadata can be read without a download', async ({ lab }) => {
      const answer = await lab.service.query(
        'query ($input: CreateComposeInput!) { composePlan(input: $input) { packages { nevra } } }',
        {
          input: { arches: ['x86_64'], source: { tag: { tag: 'f43', packages: ['hello-data'] } }, flags: ['NO_REUSE'] },
        },
      );
      const plan = rootField<{ packages: readonly { nevra: string }[] | null }>(answer, 'composePlan');
      expect(plan.packages?.map(({ nevra }) => nevra).sort() ?? null).toEqual(
        files === 'served'
          ? null
          : ['greet-0:0.9-1.src', 'greet-0:0.9-1.x86_64', 'hello-data-0:2.3-1.noarch', 'hello-data-0:2.3-1.src'],
      );
    });

    it('refuses fields that only Pungi supports', async ({ lab }) => {
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

    it('makes a compose of a whole tag', async ({ compose }) => {
      expect(binaryNames(await compose({ source: { tag: { tag: 'f43' } } }))).toEqual([
        'cowsay',
        'greet',
        'hello',
        'hello-data',
        'libhello',
        'libhello-devel',
        'unrelated',
      ]);
    });
  },
);
