import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/app/ports.ts';
import type { EngineName } from '../../src/compose/vocabulary.ts';
import {
  engineFor,
  preferredEngines,
  unsupportedAdditionsByType,
  type EnginePreference,
} from '../../src/engines/engine-choice.ts';
import { aCompose } from '../support/composes.ts';
import type { TagSource } from '../../src/compose/sources/tag.ts';
import type { SourceType } from '../../src/compose/sources/descriptors.ts';

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

  it.each<[string, EnginePreference, string | undefined, string | undefined]>([
    ['Pungi by default', 'auto', 'pungi', 'pungi'],
    ['one engine for all source types', 'dnf', 'dnf', undefined],
    ['an engine for each source type', { REPO: 'dnf' }, 'dnf', 'pungi'],
    ['none if the preferred one does not support the source type', { TAG: 'dnf' }, 'pungi', undefined],
  ])('is %s', async (_, preference, ofRepo, ofTag) => {
    const chosen = preferredEngines(engines, preference);
    expect((await engineFor(repo, chosen))?.name).toBe(ofRepo);
    expect((await engineFor(tag, chosen))?.name).toBe(ofTag);
  });

  it('supports everything that the compose asks for', async () => {
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
