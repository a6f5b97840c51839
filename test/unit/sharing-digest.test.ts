// The digests below are stored in databases: composes of an earlier version are reused by them, so they must not change.

import { describe, expect, it } from 'vitest';
import type { ComposeRequest } from '../../src/compose/request.ts';
import { resolvedAs, sharingDigest } from '../../src/compose/sharing.ts';
import type { SourceOf, SourceType } from '../../src/compose/sources/descriptors.ts';
import { SOURCE_TYPES } from '../../src/compose/sources/descriptors.ts';

const COMMON: Omit<ComposeRequest, 'source'> = {
  secondsToLive: 3600,
  arches: ['x86_64', 'aarch64'],
  flags: ['NO_DEPS', 'CHECK_DEPS'],
  results: ['REPOSITORY', 'ISO'],
  sigkeys: ['bbbb', 'aaaa'],
  multilibArches: ['x86_64'],
  multilibMethods: ['RUNTIME', 'DEVEL'],
  lookasideRepos: ['/srv/b', '/srv/a'],
  composeType: 'NIGHTLY',
  label: 'RC-1.0',
  targetDir: 'private',
  parentPungiComposeIds: ['p-2', 'p-1'],
  respinOf: 'odcs-1-1-20260101.n.0',
};
const DEFAULTS = { url: 'https://git.example/defaults', commit: 'main' };

interface Pinned<Type extends SourceType> {
  readonly source: SourceOf<Type>;
  /** The same request once it is resolved, or requested by a name that leads to the same content. */
  readonly same: Partial<SourceOf<Type>>;
  readonly digest: string | null;
}

const PINNED: { readonly [Type in SourceType]: Pinned<Type> } = {
  TAG: {
    source: {
      type: 'TAG',
      tag: 'f43',
      kojiEvent: null,
      packages: ['zsh', 'bash'],
      builds: ['b-1-1', 'a-1-1'],
      scratchBuildTasks: ['12', '11'],
      modularTags: ['n', 'm'],
      moduleDefaults: DEFAULTS,
    },
    same: { kojiEvent: 9, moduleDefaults: { ...DEFAULTS, commit: 'c0ffee' }, packages: ['bash', 'zsh'] },
    digest: '70309e2bdbc0caecd3a6797b90940d0d4ccc9383f1a041a23705de49ea2822f9',
  },
  BUILD: {
    source: {
      type: 'BUILD',
      builds: ['b-1-1', 'a-1-1'],
      packages: ['zsh', 'bash'],
      scratchBuildTasks: ['12', '11'],
    },
    same: { builds: ['a-1-1', 'b-1-1'] },
    digest: 'def2f92ee13577501e9a40e1e94867c0c66baba1370e035929c131fec98e1ee8',
  },
  MODULE: {
    source: {
      type: 'MODULE',
      modules: ['b:1', 'a:1'],
      resolvedModules: null,
      scratchModules: ['s:1:2:c'],
      modularTags: ['n', 'm'],
      moduleDefaults: DEFAULTS,
      baseModule: { name: 'platform', stream: 'f43', streamVersionGte: 1, streamVersionLte: 2 },
    },
    same: { resolvedModules: ['a:1:2:c'], modules: ['other:1'], baseModule: null, moduleDefaults: null },
    digest: 'b8b1c334fc61f834a393cc9644234e07964440954cd9070365eca4cab68a4998',
  },
  REPO: {
    source: { type: 'REPO', repo: '/srv/repo', packages: ['zsh', 'bash'], revisions: null },
    same: { revisions: ['1', '2'] },
    digest: '91f7438a079e848d2fc7d2a3aeacb78a0495dcec97fc1507192b3cece20d6f55',
  },
  PULP: {
    source: { type: 'PULP', contentSets: ['b', 'a'], resolvedContentSets: null },
    same: {},
    digest: null,
  },
  RAW_CONFIG: {
    source: {
      type: 'RAW_CONFIG',
      name: 'pungi-fedora',
      commit: 'main',
      resolvedCommit: null,
      kojiEvent: 7,
      builds: ['b-1-1', 'a-1-1'],
      modules: ['b:1', 'a:1'],
    },
    same: { commit: 'branch', resolvedCommit: 'c0ffee', kojiEvent: 9 },
    digest: 'bd798299d7695cc7b9395dd206db3cb82d9aaab2684c657d40842e6cfd8c4e98',
  },
  PUNGI_COMPOSE: {
    source: {
      type: 'PUNGI_COMPOSE',
      url: 'https://composes.example/compose/Everything',
      packages: [],
      builds: [],
    },
    same: { packages: ['bash'], builds: ['bash-1-1'] },
    digest: '6685e43739631a51d4050c9dbed2c1c7a5001b2a3fe4699dbe2a5ebb706e5853',
  },
};

function digestOf(request: ComposeRequest): string | null {
  return sharingDigest({ request, engine: 'pungi', fingerprint: ['b', 'a'] });
}

describe.each(SOURCE_TYPES)('the sharing digest of a %s compose', (type) => {
  const { source, same, digest } = PINNED[type];

  it('is the digest that earlier versions stored', () => {
    expect(digestOf({ ...COMMON, source })).toBe(digest);
  });

  it('depends neither on the order of lists nor on fields that the fingerprint covers', () => {
    const reordered = { ...COMMON, arches: ['aarch64', 'x86_64'], lookasideRepos: ['/srv/a', '/srv/b'] };
    expect(digestOf({ ...reordered, source: Object.assign({}, source, same) })).toBe(digest);
  });
});

describe('a sharing digest', () => {
  const request: ComposeRequest = { ...COMMON, source: PINNED.TAG.source };

  it('depends on the order of sigkeys, the engine and the fingerprint', () => {
    const digests = [
      digestOf(request),
      digestOf({ ...request, sigkeys: ['aaaa', 'bbbb'] }),
      sharingDigest({ request, engine: 'dnf', fingerprint: ['b', 'a'] }),
      sharingDigest({ request, engine: 'pungi', fingerprint: ['a', 'b'] }),
    ];
    expect(new Set(digests).size).toBe(4);
  });

  it('is null with NO_REUSE', () => {
    expect(digestOf({ ...request, flags: ['NO_REUSE'] })).toBeNull();
  });
});

describe('the source of a reuser', () => {
  it('has what the reused compose resolved to, and the rest as requested', () => {
    const { source } = PINNED.RAW_CONFIG;
    const generated = { ...source, commit: 'other', resolvedCommit: 'c0ffee', kojiEvent: 9 };
    expect(resolvedAs(source, generated)).toEqual({ ...source, resolvedCommit: 'c0ffee', kojiEvent: 9 });
    expect(resolvedAs(source, PINNED.REPO.source)).toBe(source);
  });
});
