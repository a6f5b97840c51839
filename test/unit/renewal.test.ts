import { describe, expect, it } from 'vitest';
import { differs, respin, validateRenewal, type RenewComposeInput, type Renewal } from '../../src/compose/renewal.ts';
import { aCompose } from '../support/composes.ts';
import { REQUEST_RULES } from '../support/request-rules.ts';
import type { ComposeSource } from '../../src/compose/sources/descriptors.ts';

const TAG: ComposeSource = {
  type: 'TAG',
  tag: 'f43',
  kojiEvent: 77,
  packages: [],
  builds: ['a-1-1'],
  scratchBuildTasks: [],
  modularTags: [],
  moduleDefaults: null,
};
const BUILD: ComposeSource = { type: 'BUILD', builds: ['a-1-1', 'b-1-1'], packages: [], scratchBuildTasks: [] };
const MODULE: ComposeSource = {
  type: 'MODULE',
  modules: ['m:1'],
  resolvedModules: ['m:1:5:abc', 'dep:2:3:def'],
  scratchModules: [],
  modularTags: [],
  moduleDefaults: null,
  baseModule: null,
};
const RAW: ComposeSource = {
  type: 'RAW_CONFIG',
  name: 'pungi-fedora',
  commit: 'main',
  resolvedCommit: 'c0ffee',
  kojiEvent: 9,
  builds: [],
  modules: [],
};
const REPO: ComposeSource = { type: 'REPO', repo: '/srv/r', packages: ['x'], revisions: ['7'] };
const PULP: ComposeSource = { type: 'PULP', contentSets: ['s'], resolvedContentSets: ['http://x'] };
const PUNGI: ComposeSource = { type: 'PUNGI_COMPOSE', url: 'http://x', packages: [], builds: [] };
const NOTHING: Renewal = { secondsToLive: 5, sigkeys: null, builds: null, modules: null };

function problemsOf(source: ComposeSource, input: Omit<RenewComposeInput, 'id'>): string[] {
  const answer = validateRenewal({ id: '1', ...input }, aCompose({ source }), REQUEST_RULES);
  return 'problems' in answer ? answer.problems.map(({ path }) => path) : [];
}

describe('validateRenewal', () => {
  it('accepts builds and modules for the source types that have them, and names the field otherwise', () => {
    for (const source of [MODULE, REPO, PULP, PUNGI])
      expect(problemsOf(source, { builds: ['a-1-1'] })).toEqual(['input.builds']);
    for (const source of [TAG, BUILD, RAW]) expect(problemsOf(source, { builds: ['a-1-1'] })).toEqual([]);
    for (const source of [TAG, BUILD, REPO, PULP, PUNGI])
      expect(problemsOf(source, { modules: ['m:2'] })).toEqual(['input.modules']);
    for (const source of [MODULE, RAW]) expect(problemsOf(source, { modules: ['m:2'] })).toEqual([]);
  });

  it('applies the rules of createCompose to each field', () => {
    expect(problemsOf(BUILD, { builds: ['not an nvr'] })).toEqual(['input.builds.0']);
    expect(problemsOf(BUILD, { builds: [] })).toEqual(['input.builds']);
    expect(problemsOf(MODULE, { modules: ['m:1', 'platform:f43'] })).toEqual(['input.modules.1']);
    expect(problemsOf(TAG, { sigkeys: ['no key!'], builds: ['a\0'], secondsToLive: 0, idempotencyKey: '' })).toEqual([
      'input.secondsToLive',
      'input.sigkeys.0',
      'input.builds.0',
      'input.idempotencyKey',
    ]);
    expect(problemsOf(TAG, { secondsToLive: -1 })).toEqual(['input.secondsToLive']);
  });

  it('reduces the lifetime to the maximum, and fills in the default', () => {
    const timeOf = (secondsToLive?: number) => {
      const answer = validateRenewal({ id: '1', secondsToLive }, aCompose(), REQUEST_RULES);
      return 'renewal' in answer ? answer.renewal.secondsToLive : null;
    };
    expect([timeOf(), timeOf(60), timeOf(999_999)]).toEqual([86_400, 60, 259_200]);
  });
});

describe('differs', () => {
  it('is true for other sigkeys, builds or modules, and false for the same ones in another order', () => {
    const compose = aCompose({ source: BUILD, sigkeys: ['aa', 'bb'] });
    expect(differs(compose, NOTHING)).toBe(false);
    expect(differs(compose, { ...NOTHING, sigkeys: ['aa', 'bb'], builds: ['b-1-1', 'a-1-1'] })).toBe(false);
    expect(differs(compose, { ...NOTHING, sigkeys: ['bb', 'aa'] })).toBe(true);
    expect(differs(compose, { ...NOTHING, sigkeys: [] })).toBe(true);
    expect(differs(compose, { ...NOTHING, builds: ['b-1-1'] })).toBe(true);
    const modules = aCompose({ source: MODULE });
    expect(differs(modules, { ...NOTHING, modules: ['m:1'] })).toBe(false);
    expect(differs(modules, { ...NOTHING, modules: ['dep:2:3:def', 'm:1:5:abc'] })).toBe(false);
    expect(differs(modules, { ...NOTHING, modules: ['m:2'] })).toBe(true);
  });
});

describe('respin', () => {
  it('requests the content of the first compose, apart from what is renewed', () => {
    const sourceOf = (source: ComposeSource, renewal: Partial<Renewal> = {}) =>
      respin(aCompose({ source }), { ...NOTHING, ...renewal }, 'old').source;
    expect(sourceOf(TAG, { builds: ['b-2-1'] })).toEqual({ ...TAG, builds: ['b-2-1'] });
    expect(sourceOf(BUILD)).toEqual(BUILD);
    expect(sourceOf(MODULE)).toEqual(MODULE);
    expect(sourceOf(MODULE, { modules: ['m:2'] })).toEqual({ ...MODULE, modules: ['m:2'], resolvedModules: null });
    expect(sourceOf(RAW, { builds: ['b-2-1'] })).toEqual({ ...RAW, builds: ['b-2-1'] });
    expect(sourceOf(REPO)).toEqual({ ...REPO, revisions: null });
    expect(sourceOf(PULP)).toEqual({ ...PULP, resolvedContentSets: null });
    const old = aCompose({
      source: TAG,
      sigkeys: ['aa'],
      flags: ['NO_DEPS'],
      label: 'RC-1.0',
      targetDir: 'private',
      arches: ['ppc64le'],
    });
    expect(respin(old, { ...NOTHING, sigkeys: ['bb'] }, 'odcs-1-1')).toMatchObject({
      sigkeys: ['bb'],
      flags: ['NO_DEPS'],
      label: 'RC-1.0',
      targetDir: 'private',
      arches: ['ppc64le'],
      respinOf: 'odcs-1-1',
      secondsToLive: 5,
    });
  });
});
