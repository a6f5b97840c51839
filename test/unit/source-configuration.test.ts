import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/app/ports.ts';
import type { EngineName } from '../../src/compose/vocabulary.ts';
import { loadConfig } from '../../src/config/load.ts';
import { engineFor, unsupportedAdditionsByType, preferredEngines } from '../../src/engines/engine-choice.ts';
import { aCompose } from '../support/composes.ts';
import type { TagSource } from '../../src/compose/sources/tag.ts';
import type { SourceType } from '../../src/compose/sources/descriptors.ts';

function configOf(env: Record<string, string>) {
  const loaded = loadConfig(env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

describe('the Koji that is configured', () => {
  it('is told in YAML, with what else a profile may say', () => {
    const { koji } = configOf({
      ODCS_KOJI:
        '{ profile: koji, server: "https://koji.example/kojihub/", topDir: /mnt/koji, repoUrl: "https://pkgs.example/repos", timeoutMs: 5000 }',
    });
    expect(koji).toMatchObject({
      repoUrl: 'https://pkgs.example/repos',
      configFile: null,
      profile: {
        name: 'koji',
        server: 'https://koji.example/kojihub',
        topUrl: null,
        topDir: '/mnt/koji',
        timeoutMs: 5000,
      },
    });
  });

  it('is a section of a koji.conf, over which our own settings win', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'odcs-koji-conf-')), 'koji.conf');
    writeFileSync(file, '[stage]\nserver = https://stage.example/kojihub\ntopurl = https://stage.example/files\n');
    const { koji } = configOf({
      ODCS_KOJI: JSON.stringify({ profile: 'stage', configFile: file, topDir: '/mnt/stage' }),
    });
    expect(koji).toMatchObject({
      configFile: file,
      profile: {
        name: 'stage',
        server: 'https://stage.example/kojihub',
        topUrl: 'https://stage.example/files',
        topDir: '/mnt/stage',
      },
    });
  });

  it.each([
    ['{ profile: koji }', /server/],
    ['{ server: "ftp://x" }', /http/],
    ['{ server: "https://x/kojihub", sever: 1 }', /sever/],
    ['{ profile: "a\\nb", server: "https://x/kojihub" }', /profile/],
    ['{ profile: koji, configFile: /nonexistent/koji.conf }', /ENOENT/],
    ['{ unclosed', /YAML/],
  ])('is refused as %s', (text, problem) => {
    expect(loadConfig({ ODCS_KOJI: text })).toMatchObject({
      ok: false,
      problems: [{ env: 'ODCS_KOJI', text: expect.stringMatching(problem) as string }],
    });
  });

  it('is needed where there is an MBS', () => {
    expect(loadConfig({ ODCS_MBS_URL: 'https://mbs.example' })).toMatchObject({
      ok: false,
      problems: [{ env: 'ODCS_KOJI', path: 'koji' }],
    });
  });

  it('opens no git repository of module defaults to a service that others can reach', () => {
    expect(configOf({}).modules.defaultsUrls).toBeUndefined();
    expect(configOf({ HOST: '0.0.0.0' }).modules.defaultsUrls).toEqual([]);
    expect(
      configOf({ HOST: '0.0.0.0', ODCS_MODULE_DEFAULTS_URLS: 'https://pagure.io/releng/' }).modules.defaultsUrls,
    ).toEqual(['https://pagure.io/releng/']);
  });
});

describe('the engine of a source type', () => {
  const engine = (name: EngineName, ...sourceTypes: SourceType[]): Engine => ({
    name,
    info: () => Promise.resolve({ name, version: '1', sourceTypes, available: true }),
    generate: () => Promise.resolve(null),
  });
  const engines = [engine('dnf', 'REPO'), engine('pungi', 'REPO', 'TAG')];
  const repo = aCompose({ source: { type: 'REPO', repo: '/srv/r', packages: [], revisions: null } });
  const tag = aCompose({
    source: {
      type: 'TAG',
      tag: 'f43',
      kojiEvent: null,
      packages: [],
      builds: [],
      scratchBuildTasks: [],
      modularTags: [],
      moduleDefaults: null,
    },
  });

  it.each<[string, string, string | undefined, string | undefined]>([
    ['Pungi where nothing is said', 'auto', 'pungi', 'pungi'],
    ['one for all', 'dnf', 'dnf', undefined],
    ['one for each', '{REPO: dnf}', 'dnf', 'pungi'],
    ['none where the one that is named cannot do it', '{TAG: dnf}', 'pungi', undefined],
  ])('is %s', async (_, setting, ofRepo, ofTag) => {
    const chosen = preferredEngines(engines, configOf({ ODCS_ENGINE: setting }).engine.preferred);
    expect((await engineFor(repo, chosen))?.name).toBe(ofRepo);
    expect((await engineFor(tag, chosen))?.name).toBe(ofTag);
  });

  it('can do that compose, not only others of its type', async () => {
    const plain = {
      ...engine('dnf', 'TAG'),
      info: async () => ({
        ...(await engine('dnf', 'TAG').info()),
        unsupportedAdditions: ['scratchBuildTasks', 'moduleDefaults'] as const,
      }),
    };
    const withScratch = aCompose({ source: { ...tag.source, scratchBuildTasks: ['7'] } as TagSource });
    expect((await engineFor(withScratch, [plain, engine('pungi', 'TAG')]))?.name).toBe('pungi');
    expect((await engineFor(tag, [plain, engine('pungi', 'TAG')]))?.name).toBe('dnf');
    const infos = async (...all: readonly Engine[]) => Promise.all(all.map((one) => one.info()));
    expect(unsupportedAdditionsByType(await infos(plain))).toEqual(
      new Map([['TAG', ['scratchBuildTasks', 'moduleDefaults']]]),
    );
    expect(unsupportedAdditionsByType(await infos(plain, engine('pungi', 'TAG')))).toEqual(new Map([['TAG', []]]));
  });
});
