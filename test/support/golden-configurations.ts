// Requests with their resolved sources. Their Pungi configurations are in test/golden, and a person has reviewed them.

import type { KojiInput } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { BuildSource } from '../../src/compose/sources/build.ts';
import type { ComposeSource } from '../../src/compose/sources/descriptors.ts';
import type { ModuleSource } from '../../src/compose/sources/module.ts';
import type { TagSource } from '../../src/compose/sources/tag.ts';

export interface GoldenConfiguration {
  readonly name: string;
  readonly compose: Partial<Compose> & { readonly source: ComposeSource };
  /** Null for packages from a repository. */
  readonly koji: Partial<KojiInput> | null;
  readonly lookasides?: readonly string[];
}

const TAG: TagSource = {
  type: 'TAG',
  tag: 'f43',
  kojiEvent: 1234567,
  packages: [],
  builds: [],
  scratchBuildTasks: [],
  modularTags: [],
  moduleDefaults: null,
};
const BUILD: BuildSource = {
  type: 'BUILD',
  builds: ['bash-5.3-1.fc43', 'zlib-1.3^git1-2.fc43'],
  packages: [],
  scratchBuildTasks: [],
};
const NSVCS = ['nodejs:24-lts:20260101000000:abcdef12', 'platform-python:3.12:20260101000000:00000000'];
const MODULE: ModuleSource = {
  type: 'MODULE',
  modules: ['nodejs:24-lts'],
  resolvedModules: NSVCS,
  scratchModules: [],
  modularTags: [],
  moduleDefaults: null,
  baseModule: null,
};

function tag(
  name: string,
  source: Partial<TagSource> = {},
  compose: Partial<Compose> = {},
  koji: Partial<KojiInput> = {},
): GoldenConfiguration {
  const { builds = [], scratchBuildTasks = [], modularTags = [] } = source;
  return {
    name: `tag-${name}`,
    compose: { source: { ...TAG, ...source }, ...compose },
    koji: { tag: 'f43', event: 1234567, inheritance: true, builds, scratchBuildTasks, modularTags, ...koji },
  };
}

function build(name: string, source: Partial<BuildSource> = {}, compose: Partial<Compose> = {}): GoldenConfiguration {
  const all = { ...BUILD, ...source };
  return {
    name: `build-${name}`,
    compose: { source: all, ...compose },
    koji: { builds: all.builds, scratchBuildTasks: all.scratchBuildTasks },
  };
}

function module(
  name: string,
  source: Partial<ModuleSource> = {},
  compose: Partial<Compose> = {},
  koji: Partial<KojiInput> = {},
): GoldenConfiguration {
  const all = { ...MODULE, ...source };
  return {
    name: `module-${name}`,
    compose: { source: all, ...compose },
    koji: { modules: NSVCS, scratchModules: all.scratchModules, ...koji },
  };
}

function repo(name: string, packages: readonly string[], compose: Partial<Compose> = {}): GoldenConfiguration {
  return {
    name: `repo-${name}`,
    compose: { source: { type: 'REPO', repo: '/srv/repo', packages, revisions: ['1'] }, ...compose },
    koji: null,
  };
}

const DEFAULTS = { moduleDefaults: '/scratch/module-defaults' };
const ARCHES = { arches: ['x86_64', 'aarch64', 'ppc64le', 's390x'] };

export const GOLDEN_CONFIGURATIONS: readonly GoldenConfiguration[] = [
  tag('all'),
  tag('packages', { packages: ['bash', 'zlib*', 'perl(Foo::Bar)'] }),
  tag('no-inheritance', { packages: ['bash'] }, { flags: ['NO_INHERITANCE'] }, { inheritance: false }),
  tag('no-deps', { packages: ['bash'] }, { flags: ['NO_DEPS'] }),
  tag('no-deps-glob', { packages: ['zlib*'] }, { flags: ['NO_DEPS'] }),
  tag('no-deps-all', {}, { flags: ['NO_DEPS'] }),
  tag('check-deps', { packages: ['bash'] }, { flags: ['CHECK_DEPS'] }),
  tag('sigkeys', { packages: ['bash'] }, { sigkeys: ['ABCDEF12', '12345678', ''] }),
  tag('builds', { packages: ['bash'], builds: ['bash-5.3-1.fc43'] }),
  tag('scratch', { packages: ['bash'], scratchBuildTasks: ['12345', '67890'] }),
  tag('modular', { packages: ['bash'], modularTags: ['f43-modular', 'f43-modular-updates'] }),
  tag(
    'modular-defaults',
    { modularTags: ['f43-modular'], moduleDefaults: { url: 'https://git.example/defaults', commit: 'main' } },
    {},
    DEFAULTS,
  ),
  tag('modular-no-deps', { packages: ['bash'], modularTags: ['f43-modular'] }, { flags: ['NO_DEPS'] }),
  tag(
    'multilib',
    { packages: ['bash'] },
    { arches: ['x86_64', 's390x'], multilibArches: ['x86_64'], multilibMethods: ['DEVEL', 'RUNTIME'] },
  ),
  tag('multilib-all', {}, { multilibArches: ['x86_64'], multilibMethods: ['ALL'] }),
  tag('arches', { packages: ['bash'] }, ARCHES),
  { ...tag('lookaside', { packages: ['bash'] }), lookasides: ['https://repos.example/base/x86_64/'] },
  tag('iso', { packages: ['bash'] }, { results: ['REPOSITORY', 'ISO'] }),
  tag('boot-iso', {}, { results: ['REPOSITORY', 'BOOT_ISO'] }),
  tag(
    'production',
    {},
    {
      composeType: 'PRODUCTION',
      label: 'RC-1.0',
      parentPungiComposeIds: ['p-1-20261101.0', 'q-1-20261101.0'],
      respinOf: 'odcs-1-1-20261101.0',
    },
  ),
  tag('nightly', {}, { composeType: 'NIGHTLY' }),
  build('all'),
  build('packages', { packages: ['bash'] }),
  build('no-deps', { packages: ['bash'] }, { flags: ['NO_DEPS'] }),
  build('scratch', { builds: [], scratchBuildTasks: ['12345'] }),
  build('sigkeys', {}, { sigkeys: ['abcdef12'] }),
  module('all'),
  module('no-deps', {}, { flags: ['NO_DEPS'] }),
  module('scratch', { scratchModules: ['trial:1:20260101000000:abcdef12+1'] }),
  module('defaults', { moduleDefaults: { url: 'https://git.example/defaults', commit: 'main' } }, {}, DEFAULTS),
  module('arches', {}, { ...ARCHES, sigkeys: ['abcdef12'] }),
  repo('all', []),
  repo('packages', ['bash'], { flags: ['CHECK_DEPS'] }),
  repo('no-deps', ['bash'], { flags: ['NO_DEPS'], sigkeys: ['abcdef12'] }),
];

export const NO_KOJI: KojiInput = {
  endpoint: {
    profile: 'fedora',
    server: 'https://koji.example/kojihub',
    topUrl: 'https://kojipkgs.example',
    topDir: '/mnt/koji',
    configFile: null,
  },
  event: null,
  tag: null,
  inheritance: false,
  builds: [],
  scratchBuildTasks: [],
  modules: [],
  modularTags: [],
  scratchModules: [],
  moduleDefaults: null,
  mbsUrl: 'https://mbs.example/module-build-service',
};
