// Real Pungi, where it is installed, against the tests' Koji: that it takes the configuration and asks Koji as it is meant to.

import { copyFile, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';

const FAKE_PUNGI = fileURLToPath(new URL('../support/fake-pungi', import.meta.url));
const path = (process.env['PATH'] ?? '').split(':').filter((entry) => entry !== FAKE_PUNGI);
const places = await Promise.all(path.map(async (entry) => ((await readdir(entry).catch((): string[] => [])).includes('pungi-koji') ? entry : null)));
const isInstalled = places.some((place) => place !== null);

let directory: string;
let lab: KojiLab;

describe.runIf(isInstalled)('real Pungi', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'odcs-real-'));
    lab = await startKojiLab(directory, { PATH: [dirname(process.execPath), ...path].join(':') });
    lab.koji.addTag('f43-base');
    lab.koji.addTag('f43', { parents: ['f43-base'] });
    buildSamples(lab.koji, 'f43-base');
    await layOut(lab);
  }, 120_000);

  afterAll(async () => {
    await lab?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each<[string, object, readonly string[]]>([
    ['a package of a tag and what it needs', { source: { tag: { tag: 'f43', packages: ['hello'] } } }, ['greet', 'hello', 'hello-data', 'libhello']],
    ['all of a tag', { source: { tag: { tag: 'f43' } } }, ['cowsay', 'greet', 'hello', 'hello-data', 'libhello', 'libhello-devel', 'unrelated']],
    ['all of a tag without dependencies', { source: { tag: { tag: 'f43' } }, flags: ['NO_DEPS'] }, ['cowsay', 'greet', 'hello', 'hello-data', 'libhello', 'libhello-devel', 'unrelated']],
    ['one package alone', { source: { tag: { tag: 'f43', packages: ['hello'] } }, flags: ['NO_DEPS'] }, ['hello']],
    ['a glob alone', { source: { tag: { tag: 'f43', packages: ['libhello*'] } }, flags: ['NO_DEPS'] }, ['libhello', 'libhello-devel']],
    ['builds', { source: { build: { builds: ['greet-0.9-1', 'cowsay-3.04-7'] } } }, ['cowsay', 'greet']],
    ['a package of a build, without dependencies', { source: { build: { builds: ['hello-2.12-1'], packages: ['libhello'] } }, flags: ['NO_DEPS'] }, ['libhello']],
  ])('composes %s', async (_, input, expected) => {
    const id = await lab.service.request(input);
    const done = (await lab.service.ended(id, 'state failure { code message details } packages { nodes { name arch } }')) as {
      readonly state: string;
      readonly failure: unknown;
      readonly packages: { readonly nodes: readonly { readonly name: string; readonly arch: string }[] };
    };
    expect({ state: done.state, failure: done.failure }).toEqual({ state: 'DONE', failure: null });
    const names = done.packages.nodes.filter(({ arch }) => arch !== 'src').map(({ name }) => name);
    expect([...new Set(names)].filter((name) => !/-debug(info|source)$/.test(name)).sort()).toEqual(expected);
  }, 120_000);

  it('takes what the last compose of the tag read, and has the packages of its own event', async () => {
    lab.koji.addTag('f43-twice');
    buildSamples(lab.koji, 'f43-twice');
    const compose = async (input: object) => {
      const id = await lab.service.request({ source: { tag: { tag: 'f43-twice', ...input } } });
      const { state, packages } = (await lab.service.ended(id, 'state packages { nodes { name } }')) as { readonly state: string; readonly packages: { readonly nodes: readonly { readonly name: string }[] } };
      expect(state).toBe('DONE');
      const log = await readFile(join(lab.service.targetDir, `odcs-${id}`, 'logs/global/pungi.global.log'), 'utf8');
      return { names: new Set(packages.nodes.map(({ name }) => name)), log };
    };
    const first = await compose({ packages: ['hello'] });
    expect(first.log).toContain('No suitable old compose found in: []');
    lab.koji.untagBuild('f43-twice', 'cowsay-3.04-7');
    const second = await compose({});
    expect(second.log).toMatch(/Using old repodata from: \S+\/old-composes\/\S+\/work\/global\/repo\/f43-twice$/m);
    expect(second.log).not.toContain('Failed to load old cache');
    expect([...second.names]).toEqual(expect.arrayContaining(['greet', 'hello', 'unrelated']));
    expect(second.names).not.toContain('cowsay');
  }, 120_000);
});

/** The RPMs where Koji keeps them. */
async function layOut({ koji, topDir }: KojiLab): Promise<void> {
  for (const { name, version, release, rpms } of koji.builds.values()) {
    for (const rpm of rpms) {
      const file = `${rpm.name}-${version}-${release}.${rpm.arch}.rpm`;
      const place = join(topDir, 'packages', name, version, release, rpm.arch);
      await mkdir(place, { recursive: true });
      await copyFile(join(topDir, 'rpms', file), join(place, file));
    }
  }
}
