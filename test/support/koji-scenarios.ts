// Contents of a Koji and requests for composes of them. Each scenario starts with an empty Koji and has a tag of its own.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampleSource } from '../../src/demo/rpm-spec.ts';
import { makeRepository } from '../../src/demo/sample-repository.ts';
import type { KojiModel } from './fake-koji/model.ts';
import { goldenScenarios, type GoldenScenario } from './golden-scenarios.ts';
import { keepInKoji } from './koji-packages.ts';

export interface KojiScenario {
  readonly name: string;
  /** Fills the Koji and returns the request. */
  prepare(koji: KojiModel, topDir: string, tag: string): Promise<object>;
}

const RSA = '91381b71';
const EDDSA = 'cb7329b7';
const app = (version: string, requires: readonly string[] = []): SampleSource => ({
  name: 'app',
  version,
  debug: ['app'],
  packages: [{ requires }, { name: 'app-doc', noarch: true }],
});
const lib = (version: string, rest: Partial<SampleSource> = {}): SampleSource => ({
  name: 'lib',
  version,
  packages: [{ provides: ['lib-api = 1'] }],
  ...rest,
});

const OF_TAGS: readonly KojiScenario[] = [
  {
    name: 'the build that was tagged last, even if another has a higher version',
    async prepare(koji, topDir, tag) {
      koji.addTag(tag);
      await tagAll(koji, topDir, tag, [app('2.0', ['lib']), lib('3.0')]);
      await tagAll(koji, topDir, tag, [app('1.0', ['lib-api'])]);
      return { source: { tag: { tag, packages: ['app', 'app-doc'] } } };
    },
  },
  {
    name: 'an older build of the tag before a newer inherited one',
    async prepare(koji, topDir, tag) {
      koji.addTag(`${tag}-base`);
      koji.addTag(tag, { parents: [`${tag}-base`] });
      await tagAll(koji, topDir, tag, [lib('1.0')]);
      await tagAll(koji, topDir, `${tag}-base`, [lib('2.0'), app('1.0', ['lib'])]);
      return { source: { tag: { tag, packages: ['app'] } } };
    },
  },
  {
    name: 'another provider if an inherited package is blocked',
    async prepare(koji, topDir, tag) {
      koji.addTag(`${tag}-base`);
      koji.addTag(tag, { parents: [`${tag}-base`] });
      await tagAll(koji, topDir, `${tag}-base`, [
        lib('2.0'),
        { name: 'another-lib', packages: [{ provides: ['lib-api = 1'] }] },
        app('1.0', ['lib-api']),
      ]);
      koji.blockPackage(tag, 'lib');
      return { source: { tag: { tag, packages: ['app'] } } };
    },
  },
  {
    name: 'the build of the first of two parents',
    async prepare(koji, topDir, tag) {
      for (const parent of ['second', 'first']) koji.addTag(`${tag}-${parent}`);
      koji.addTag(tag, { parents: [`${tag}-first`, `${tag}-second`] });
      await tagAll(koji, topDir, `${tag}-second`, [lib('9.0'), app('1.0', ['lib'])]);
      await tagAll(koji, topDir, `${tag}-first`, [lib('1.0')]);
      return { source: { tag: { tag } } };
    },
  },
  {
    name: 'only builds of the tag itself',
    async prepare(koji, topDir, tag) {
      koji.addTag(`${tag}-base`);
      koji.addTag(tag, { parents: [`${tag}-base`] });
      await tagAll(koji, topDir, `${tag}-base`, [lib('2.0')]);
      await tagAll(koji, topDir, tag, [app('1.0', ['lib'])]);
      return { source: { tag: { tag } }, flags: ['NO_INHERITANCE'] };
    },
  },
  {
    name: 'the builds of an earlier event',
    async prepare(koji, topDir, tag) {
      koji.addTag(tag);
      await tagAll(koji, topDir, tag, [lib('1.0'), app('1.0', ['lib'])]);
      const kojiEvent = koji.lastEvent;
      await tagAll(koji, topDir, tag, [lib('2.0')]);
      return { source: { tag: { tag, packages: ['app'], kojiEvent } } };
    },
  },
  {
    name: 'requested builds instead of those of the tag',
    async prepare(koji, topDir, tag) {
      koji.addTag(tag);
      await tagAll(koji, topDir, tag, [lib('2.0'), app('1.0', ['lib'])]);
      const builds = await keepInKoji(koji, topDir, [lib('1.5', { debug: ['lib'] }), { name: 'more' }]);
      return { source: { tag: { tag, packages: ['app', 'more'], builds } } };
    },
  },
  {
    name: 'packages of two arches, with a noarch package for one of them',
    async prepare(koji, topDir, tag) {
      const arches = ['x86_64', 'aarch64'];
      koji.addTag(tag);
      await tagAll(koji, topDir, tag, [
        { ...app('1.0', ['lib', 'data']), arches },
        lib('1.0', { arches }),
        { name: 'data', noarch: true, excludeArch: 'aarch64' },
        { name: 'data-for-all', noarch: true, packages: [{ provides: ['data'] }] },
        { name: 'only', arches: ['aarch64'], exclusiveArch: 'aarch64' },
      ]);
      return { source: { tag: { tag, packages: ['app', 'only'] } }, arches };
    },
  },
  {
    name: 'all packages of builds, for two arches',
    async prepare(koji, topDir) {
      const builds = await keepInKoji(koji, topDir, [
        { ...app('1.0'), arches: ['x86_64', 'aarch64'] },
        { name: 'doc', noarch: true },
        lib('1.0', { arches: ['x86_64', 'i686'] }),
      ]);
      return { source: { build: { builds } }, arches: ['x86_64', 'aarch64'] };
    },
  },
  ...(['followed', 'ignored'] as const).map((how) => ({
    name: `packages of builds, with dependencies ${how}`,
    async prepare(koji: KojiModel, topDir: string) {
      const builds = await keepInKoji(koji, topDir, [
        app('1.0', ['lib-api']),
        lib('1.0', { debug: ['lib'], packages: [{ provides: ['lib-api = 1'] }, { name: 'lib-devel' }] }),
      ]);
      return {
        source: { build: { builds, packages: ['app', 'lib-devel'] } },
        flags: how === 'ignored' ? ['NO_DEPS'] : [],
      };
    },
  })),
  ...signed('the copy signed with the first possible sigkey', [EDDSA, RSA], { app: [RSA, EDDSA], lib: [RSA] }),
  ...signed('unsigned packages if they are allowed', [RSA, ''], { app: [RSA] }),
  ...signed('no unsigned packages if nothing requires them', [RSA], { app: [RSA], lib: [RSA] }),
  ...signed('no unsigned packages, even if something requires them', [RSA], { app: [RSA] }),
  ...signed('no unsigned packages, even if they are requested', [RSA], { lib: [RSA] }),
  ...signed('no packages of another sigkey', [EDDSA], { app: [RSA], lib: [RSA] }),
];

function signed(
  name: string,
  sigkeys: readonly string[],
  keys: Readonly<Record<string, readonly string[]>>,
): readonly KojiScenario[] {
  return [
    {
      name,
      async prepare(koji, topDir, tag) {
        koji.addTag(tag);
        for (const nvr of await keepInKoji(koji, topDir, [app('1.0', ['lib-api']), lib('1.0'), { name: 'unsigned' }], {
          sigkeys: keys,
        }))
          koji.tagBuild(tag, nvr);
        return { source: { tag: { tag, packages: ['app'] } }, sigkeys };
      },
    },
  ];
}

async function tagAll(koji: KojiModel, topDir: string, tag: string, sources: readonly SampleSource[]): Promise<void> {
  for (const nvr of await keepInKoji(koji, topDir, sources)) koji.tagBuild(tag, nvr);
}

/** Replaces the repository of a request by a tag. */
function ofRepository({ name, packages, flags, multilib, sources }: GoldenScenario): KojiScenario {
  return {
    name: `repository: ${name}`,
    async prepare(koji, topDir, tag) {
      koji.addTag(tag);
      await tagAll(
        koji,
        topDir,
        tag,
        sources.filter(({ lookaside }) => !lookaside),
      );
      const aside = sources.filter(({ lookaside }) => lookaside);
      const lookaside = join(topDir, 'lookaside', tag);
      await mkdir(lookaside, { recursive: true });
      if (aside.length > 0) await makeRepository(lookaside, aside);
      return {
        source: { tag: { tag, packages } },
        flags,
        ...(multilib.length > 0 && { multilibArches: ['x86_64'], multilibMethods: multilib }),
        ...(aside.length > 0 && { lookasideRepos: [lookaside] }),
      };
    },
  };
}

export function kojiScenarios(): readonly KojiScenario[] {
  return [...OF_TAGS, ...goldenScenarios().map(ofRepository)];
}
