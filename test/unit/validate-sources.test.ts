import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CreateComposeInput } from '../../src/compose/input.ts';
import type { ComposeSourceInput } from '../../src/compose/sources/descriptors.ts';
import { validateRequest } from '../../src/compose/validate-request.ts';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { REQUEST_RULES } from '../support/request-rules.ts';

const RULES = {
  ...REQUEST_RULES,
  urlAllow: ['https://repos.example/pub'],
  repoRoots: ['/srv'],
  moduleDefaultsUrls: ['https://git.example/defaults'],
};

function problemsOf(input: CreateComposeInput, rules = RULES): Record<string, string> {
  const answer = validateRequest(input, rules);
  return 'problems' in answer ? Object.fromEntries(answer.problems.map(({ path, message }) => [path, message])) : {};
}

const DEFAULTS = { url: 'https://git.example/defaults/fedora.git', commit: 'main' };

describe('validateRequest accepts', () => {
  it.each<[string, ComposeSourceInput, object]>([
    [
      'a tag',
      { tag: { tag: 'f43' } },
      {
        type: 'TAG',
        tag: 'f43',
        kojiEvent: null,
        packages: [],
        builds: [],
        scratchBuildTasks: [],
        modularTags: [],
        moduleDefaults: null,
      },
    ],
    [
      'a tag with every field',
      {
        tag: {
          tag: 'module-x-1.0~rc/2',
          packages: ['*'],
          builds: ['a-1^2-3'],
          scratchBuildTasks: ['12'],
          modularTags: ['m'],
          moduleDefaults: DEFAULTS,
          kojiEvent: 7,
        },
      },
      { kojiEvent: 7, builds: ['a-1^2-3'], scratchBuildTasks: ['12'], moduleDefaults: DEFAULTS },
    ],
    [
      'builds',
      { build: { builds: ['bash-5.3-1.fc43', 'bash-5.3-1.fc43'] } },
      { type: 'BUILD', builds: ['bash-5.3-1.fc43'], packages: [], scratchBuildTasks: [] },
    ],
    [
      'scratch builds without builds',
      { build: { builds: [], scratchBuildTasks: ['2147483647'] } },
      { scratchBuildTasks: ['2147483647'] },
    ],
    [
      'modules',
      { module: { modules: ['a:1', 'b:2.0:20260101000000', 'c:3:4:d'] } },
      {
        type: 'MODULE',
        modules: ['a:1', 'b:2.0:20260101000000', 'c:3:4:d'],
        resolvedModules: null,
        scratchModules: [],
        modularTags: [],
        moduleDefaults: null,
        baseModule: null,
      },
    ],
    [
      'modular tags without modules',
      { module: { modularTags: ['f43-modular'] } },
      { modules: [], modularTags: ['f43-modular'] },
    ],
    [
      'modules on a platform',
      { module: { modules: ['a:1'], baseModule: { name: 'platform', streamVersionGte: 5, streamVersionLte: 7 } } },
      { baseModule: { name: 'platform', stream: null, streamVersionGte: 5, streamVersionLte: 7 } },
    ],
    ['a repository', { repo: { repo: '/srv/r' } }, { type: 'REPO', repo: '/srv/r', packages: [], revisions: null }],
    [
      'content sets',
      { pulp: { contentSets: ['rhel-9-rpms'] } },
      { type: 'PULP', contentSets: ['rhel-9-rpms'], resolvedContentSets: null },
    ],
    [
      'a raw configuration',
      { rawConfig: { name: 'pungi-fedora', commit: 'abcdef0' } },
      {
        type: 'RAW_CONFIG',
        name: 'pungi-fedora',
        commit: 'abcdef0',
        resolvedCommit: null,
        kojiEvent: null,
        builds: [],
        modules: [],
      },
    ],
    [
      'a Pungi compose',
      { pungiCompose: { url: 'https://repos.example/pub/compose/Server' } },
      { type: 'PUNGI_COMPOSE', url: 'https://repos.example/pub/compose/Server', packages: [], builds: [] },
    ],
  ])('%s', (_, source, expected) => {
    expect(validateRequest({ source }, RULES)).toMatchObject({ request: { source: expected } });
  });

  it('a request without sigkeys, which gets the configured ones', () => {
    const rules = { ...RULES, sigkeys: ['abcdef12'] };
    expect(validateRequest({ source: { tag: { tag: 'f43' } } }, rules)).toMatchObject({
      request: { sigkeys: ['abcdef12'] },
    });
    expect(validateRequest({ source: { tag: { tag: 'f43' } }, sigkeys: [] }, rules)).toMatchObject({
      request: { sigkeys: [] },
    });
  });
});

describe('a problem of validateRequest names the field, and what it accepts, for', () => {
  it.each<[string, CreateComposeInput, string, string?]>([
    ['a tag without a name', { source: { tag: { tag: '' } } }, 'input.source.tag.tag'],
    ['a tag of blanks', { source: { tag: { tag: '  ' } } }, 'input.source.tag.tag'],
    ['a tag with a quote', { source: { tag: { tag: 'f43"' } } }, 'input.source.tag.tag'],
    ['a caret in a tag', { source: { tag: { tag: 'f^43' } } }, 'input.source.tag.tag'],
    ['event 0', { source: { tag: { tag: 'f43', kojiEvent: 0 } } }, 'input.source.tag.kojiEvent'],
    [
      'event -1',
      { source: { rawConfig: { name: 'pungi-fedora', commit: 'a', kojiEvent: -1 } } },
      'input.source.rawConfig.kojiEvent',
    ],
    [
      'a task with a sign',
      { source: { tag: { tag: 'f43', scratchBuildTasks: ['1', '-2'] } } },
      'input.source.tag.scratchBuildTasks.1',
    ],
    [
      'scratch builds in a NIGHTLY',
      { source: { tag: { tag: 'f43', scratchBuildTasks: ['1'] } }, composeType: 'NIGHTLY' },
      'input.source.tag.scratchBuildTasks',
      'TEST',
    ],
    [
      'scratch modules in a CI compose',
      { source: { module: { scratchModules: ['a:1:2:c'] } }, composeType: 'CI' },
      'input.source.module.scratchModules',
      'TEST',
    ],
    ['no build', { source: { build: { builds: [] } } }, 'input.source.build.builds'],
    [
      'a build without a release',
      { source: { build: { builds: ['bash-5.3'] } } },
      'input.source.build.builds.0',
      'name-version-release',
    ],
    ['no module', { source: { module: {} } }, 'input.source.module.modules'],
    [
      'a module without a stream',
      { source: { module: { modules: ['a'] } } },
      'input.source.module.modules.0',
      'name:stream',
    ],
    [
      'a module of five parts',
      { source: { module: { modules: ['a:b:1:c:d'] } } },
      'input.source.module.modules.0',
      'name:stream',
    ],
    [
      'a module version that is not a number',
      { source: { module: { modules: ['a:b:x'] } } },
      'input.source.module.modules.0',
      'name:stream',
    ],
    [
      'a scratch module without a context',
      { source: { module: { scratchModules: ['a:b:1'] } } },
      'input.source.module.scratchModules.0',
      'name:stream:version:context',
    ],
    ['a base module', { source: { module: { modules: ['platform:f43'] } } }, 'input.source.module.modules.0'],
    [
      'stream versions whose bounds exclude each other',
      {
        source: {
          module: { modules: ['a:1'], baseModule: { name: 'platform', streamVersionGte: 2, streamVersionLte: 1 } },
        },
      },
      'input.source.module.baseModule.streamVersionGte',
    ],
    [
      'a base module together with modular tags',
      { source: { module: { modularTags: ['m'], baseModule: { name: 'platform' } } } },
      'input.source.module.baseModule',
    ],
    [
      'module defaults at a URL that is not allowed',
      { source: { tag: { tag: 'f43', moduleDefaults: { url: 'https://evil.example/x', commit: 'main' } } } },
      'input.source.tag.moduleDefaults.url',
    ],
    [
      'module defaults at a local path',
      { source: { tag: { tag: 'f43', moduleDefaults: { url: '/srv/git', commit: 'main' } } } },
      'input.source.tag.moduleDefaults.url',
    ],
    [
      'module defaults by a git remote helper',
      { source: { module: { modules: ['a:1'], moduleDefaults: { url: 'ext::sh -c id', commit: 'main' } } } },
      'input.source.module.moduleDefaults.url',
    ],
    [
      'a commit of module defaults that reads as an option',
      { source: { tag: { tag: 'f43', moduleDefaults: { ...DEFAULTS, commit: '--upload-pack=x' } } } },
      'input.source.tag.moduleDefaults.commit',
    ],
    ['no content set', { source: { pulp: { contentSets: [] } } }, 'input.source.pulp.contentSets'],
    [
      'an unknown raw configuration',
      { source: { rawConfig: { name: 'other', commit: 'a' } } },
      'input.source.rawConfig.name',
      'pungi-fedora',
    ],
    [
      'a range of commits',
      { source: { rawConfig: { name: 'pungi-fedora', commit: 'a..b' } } },
      'input.source.rawConfig.commit',
    ],
    [
      'a relative commit',
      { source: { rawConfig: { name: 'pungi-fedora', commit: 'main~1' } } },
      'input.source.rawConfig.commit',
    ],
    [
      'a Pungi compose at a file URL',
      { source: { pungiCompose: { url: 'file:///srv/compose/Everything' } } },
      'input.source.pungiCompose.url',
    ],
    [
      'a Pungi compose at a URL that is not allowed',
      { source: { pungiCompose: { url: 'https://evil.example/x' } } },
      'input.source.pungiCompose.url',
    ],
    [
      'a flag that is only for tags',
      { source: { build: { builds: ['a-1-1'] } }, flags: ['NO_DEPS', 'NO_INHERITANCE'] },
      'input.flags.1',
      'tag',
    ],
    [
      'a flag that is only for Pulp',
      { source: { tag: { tag: 'f43' } }, flags: ['IGNORE_ABSENT_PULP_REPOS'] },
      'input.flags.0',
      'pulp',
    ],
    [
      '1,001 builds',
      { source: { build: { builds: Array.from({ length: 1_001 }, (_each, index) => `a-1-${index}`) } } },
      'input.source.build.builds',
      '1000',
    ],
  ])('%s', (_, input, path, fact = '') => {
    expect(problemsOf(input)).toEqual({ [path]: expect.stringContaining(fact) as string });
  });

  it('module defaults on a server that allows none', () => {
    expect(
      problemsOf({ source: { tag: { tag: 'f43', moduleDefaults: DEFAULTS } } }, { ...RULES, moduleDefaultsUrls: [] }),
    ).toEqual({
      'input.source.tag.moduleDefaults.url': expect.stringContaining('ODCS_MODULE_DEFAULTS_URLS') as string,
    });
  });

  it('modules that need MBS on a server without MBS', () => {
    const without = { ...RULES, hasMbs: false };
    expect(problemsOf({ source: { module: { modules: ['a:1'], scratchModules: ['b:1:2:c'] } } }, without)).toEqual({
      'input.source.module.modules': expect.stringContaining('ODCS_MBS_URL') as string,
      'input.source.module.scratchModules': expect.stringContaining('ODCS_MBS_URL') as string,
    });
    expect(problemsOf({ source: { module: { modules: ['a:1'], modularTags: ['f43-modular'] } } }, without)).toEqual({});
  });
});

type Place = readonly [field: string, input: (value: string) => CreateComposeInput];

const PLACES: readonly Place[] = [
  ['source.tag.tag', (tag) => ({ source: { tag: { tag } } })],
  ['source.tag.builds.0', (value) => ({ source: { tag: { tag: 'f43', builds: [value] } } })],
  ['source.tag.scratchBuildTasks.0', (value) => ({ source: { tag: { tag: 'f43', scratchBuildTasks: [value] } } })],
  ['source.tag.modularTags.0', (value) => ({ source: { tag: { tag: 'f43', modularTags: [value] } } })],
  [
    'source.tag.moduleDefaults.url',
    (url) => ({ source: { tag: { tag: 'f43', moduleDefaults: { url, commit: 'main' } } } }),
  ],
  [
    'source.tag.moduleDefaults.commit',
    (commit) => ({ source: { tag: { tag: 'f43', moduleDefaults: { ...DEFAULTS, commit } } } }),
  ],
  ['source.build.builds.0', (value) => ({ source: { build: { builds: [value] } } })],
  ['source.module.modules.0', (value) => ({ source: { module: { modules: [value] } } })],
  ['source.module.scratchModules.0', (value) => ({ source: { module: { scratchModules: [value] } } })],
  ['source.module.baseModule.name', (name) => ({ source: { module: { modules: ['a:1'], baseModule: { name } } } })],
  [
    'source.module.baseModule.stream',
    (stream) => ({ source: { module: { modules: ['a:1'], baseModule: { name: 'platform', stream } } } }),
  ],
  ['source.pulp.contentSets.0', (value) => ({ source: { pulp: { contentSets: [value] } } })],
  ['source.rawConfig.name', (name) => ({ source: { rawConfig: { name, commit: 'a' } } })],
  ['source.rawConfig.commit', (commit) => ({ source: { rawConfig: { name: 'pungi-fedora', commit } } })],
  [
    'source.rawConfig.builds.0',
    (value) => ({ source: { rawConfig: { name: 'pungi-fedora', commit: 'a', builds: [value] } } }),
  ],
  ['source.pungiCompose.url', (url) => ({ source: { pungiCompose: { url } } })],
];

describe.each(PLACES)('a hostile text in %s', (field, inputWith) => {
  const allowed = /^[A-Za-z0-9 \-/_.:#+?$~^@!%&'()*,;=[\]{}|"`<>\\]*$/;

  it('is refused with the path of the field, or contains only characters of names', () => {
    const check = (value: string): void => {
      const answer = validateRequest(inputWith(value), RULES);
      if ('problems' in answer) {
        for (const { path } of answer.problems) expect(`input.${field}`.startsWith(path)).toBe(true);
      } else {
        expect(value).toMatch(allowed);
        expect(value.length).toBeLessThanOrEqual(2_000);
        expect(value).not.toMatch(/["'`<>\\;|]/);
      }
    };
    HOSTILE_VALUES.forEach(check);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), check));
  });
});
