import { describe, expect, it } from 'vitest';
import type { CreateComposeInput } from '../../src/compose/input.ts';
import { validateRequest } from '../../src/compose/validate-request.ts';
import type { RequestRules } from '../../src/compose/validation/rules.ts';

const RULES: RequestRules = {
  arches: ['x86_64', 'aarch64'],
  targetDirs: ['default', 'private'],
  secondsToLive: 86_400,
  maxSecondsToLive: 259_200,
  repoRoots: ['/srv'],
  urlAllow: ['https://repos.example/pub'],
  capabilities: new Map([['REPO', new Set(['REPOSITORY'] as const)]]),
  sigkeys: [],
  rawConfigs: [],
  hasMbs: true,
  baseModules: ['platform', 'bootstrap'],
  moduleDefaultsUrls: undefined,
};

function problemsOf(input: CreateComposeInput): Record<string, string> {
  const answer = validateRequest(input, RULES);
  return 'problems' in answer ? Object.fromEntries(answer.problems.map(({ path, message }) => [path, message])) : {};
}

const repo = (overrides: Partial<CreateComposeInput> = {}): CreateComposeInput => ({
  source: { repo: { repo: '/srv/r' } },
  ...overrides,
});

describe('validateRequest', () => {
  it('fills in every default', () => {
    expect(validateRequest(repo(), RULES)).toEqual({
      request: {
        source: { type: 'REPO', repo: '/srv/r', packages: [], revisions: null },
        secondsToLive: 86_400,
        arches: ['x86_64', 'aarch64'],
        flags: [],
        results: ['REPOSITORY'],
        sigkeys: [],
        multilibArches: [],
        multilibMethods: [],
        lookasideRepos: [],
        composeType: 'TEST',
        label: null,
        targetDir: 'default',
        parentPungiComposeIds: [],
        respinOf: null,
      },
    });
  });

  it('reduces a lifetime to the maximum', () => {
    expect(validateRequest(repo({ secondsToLive: 10_000_000 }), RULES)).toMatchObject({
      request: { secondsToLive: 259_200 },
    });
  });

  it.each(['libstdc++', 'foo^bar', '*-libs', 'lib[ab]?', 'python3.12', '_x', 'glibc.i686', '0ad'])(
    'accepts the package %s',
    (name) => {
      expect(problemsOf({ source: { repo: { repo: '/srv/r', packages: [name] } } })).toEqual({});
    },
  );

  it.each(['/srv/r', '/srv/r/$basearch/os', 'https://repos.example/pub/x', 'https://repos.example/pub/$basearch/'])(
    'accepts the repository %s',
    (location) => {
      expect(problemsOf({ source: { repo: { repo: location } } })).toEqual({});
    },
  );
});

describe('a problem of validateRequest names the field, and what it accepts, for', () => {
  it.each<[string, CreateComposeInput, string, string?]>([
    ['no source', { source: {} }, 'input.source', 'tag, module, repo'],
    ['two sources', { source: { repo: { repo: '/srv/r' }, tag: { tag: 'f43' } } }, 'input.source', '2'],
    ['a source that no engine can do', { source: { tag: { tag: 'f43' } } }, 'input.source.tag', 'repo'],
    ['an unknown arch', repo({ arches: ['x86_64', 'm68k'] }), 'input.arches.1', 'x86_64, aarch64'],
    ['no arch', repo({ arches: [] }), 'input.arches'],
    ['a lifetime of 0 seconds', repo({ secondsToLive: 0 }), 'input.secondsToLive'],
    ['a lifetime of -5 seconds', repo({ secondsToLive: -5 }), 'input.secondsToLive'],
    ['a label of an unknown milestone', repo({ label: 'Final-1.0' }), 'input.label', 'RC-1.0'],
    ['a label with ..', repo({ label: '../RC-1.0' }), 'input.label'],
    ['a label with a newline', repo({ label: 'RC-1.0\n' }), 'input.label'],
    ['PRODUCTION without a label', repo({ composeType: 'PRODUCTION' }), 'input.label'],
    ['a target directory with ..', repo({ targetDir: '../x' }), 'input.targetDir', 'default, private'],
    ['an absolute target directory', repo({ targetDir: '/etc' }), 'input.targetDir'],
    ['a result that no engine makes', repo({ results: ['ISO'] }), 'input.results.0', 'REPOSITORY'],
    ['multilib of another arch', repo({ arches: ['x86_64'], multilibArches: ['aarch64'] }), 'input.multilibArches.0'],
    [
      'a lookaside repository outside of the allowed roots',
      repo({ lookasideRepos: ['/etc'] }),
      'input.lookasideRepos.0',
    ],
    ['an empty idempotency key', repo({ idempotencyKey: '' }), 'input.idempotencyKey', '200'],
    ['a long idempotency key', repo({ idempotencyKey: 'x'.repeat(201) }), 'input.idempotencyKey', '200'],
    [
      '10,000 packages',
      { source: { repo: { repo: '/srv/r', packages: Array.from({ length: 10_000 }, (_, i) => `p${i}`) } } },
      'input.source.repo.packages',
      '5000',
    ],
  ])('%s', (_, input, path, fact = '') => {
    expect(problemsOf(input)).toEqual({ [path]: expect.stringContaining(fact) as string });
  });

  it.each([
    '',
    ' ',
    'a;b',
    "a'b",
    'a"b',
    'a\nb',
    'a\n',
    'a\0',
    '$(id)',
    '`id`',
    '../x',
    '-x',
    'a b',
    'ａ',
    'x'.repeat(256),
  ])('the package %j', (name) => {
    expect(Object.keys(problemsOf({ source: { repo: { repo: '/srv/r', packages: ['ok', name] } } }))).toEqual([
      'input.source.repo.packages.1',
    ]);
  });

  it.each([
    '',
    'srv/r',
    './r',
    '../r',
    '/srv/../etc',
    '/etc',
    '/srvx',
    '/srv/a;b',
    "/srv/a'b",
    '/srv/a\nb',
    '/srv/a b',
    'ext::sh -c id',
    'file:///srv/r',
    'ftp://x/y',
    'https://user:pw@repos.example/pub/x',
    'https://repos.example@evil.example/pub',
    'https://repos.example/public',
    'https://repos.example/pub/../x',
    'https://repos.example/pub/%2e%2e/x',
    'http://repos.example/pub/x',
    'https://repos.example:444/pub/x',
    'https://repos.example/pub#x',
    'https://repos.example\\pub',
    `/srv/${'x'.repeat(2_000)}`,
  ])('the repository %j', (location) => {
    expect(Object.keys(problemsOf({ source: { repo: { repo: location } } }))).toEqual(['input.source.repo.repo']);
  });

  it('every field at once', () => {
    expect(
      Object.keys(problemsOf({ source: { repo: { repo: 'x', packages: [';'] } }, arches: ['vax'], secondsToLive: 0 })),
    ).toHaveLength(4);
  });
});
