// The rules of a server and a viewer, for tests.

import { READ_ALL } from '../../src/compose/read-policy.ts';
import type { RequestRules } from '../../src/compose/validation/rules.ts';
import type { Viewer } from '../../src/compose/viewer.ts';
import { COMPOSE_FLAGS, COMPOSE_RESULTS, COMPOSE_TYPES } from '../../src/compose/vocabulary.ts';
import { SOURCE_TYPES } from '../../src/compose/sources/descriptors.ts';

const REPOSITORY = new Set(['REPOSITORY'] as const);

export const REQUEST_RULES: RequestRules = {
  arches: ['x86_64'],
  targetDirs: ['default', 'private'],
  secondsToLive: 86_400,
  maxSecondsToLive: 259_200,
  repoRoots: ['/'],
  urlAllow: undefined,
  capabilities: new Map(SOURCE_TYPES.map((type) => [type, REPOSITORY])),
  sigkeys: [],
  rawConfigs: ['pungi-fedora'],
  hasMbs: true,
  baseModules: ['platform'],
  moduleDefaultsUrls: undefined,
};

export function aViewer(name: string, overrides: Partial<Viewer> = {}): Viewer {
  return {
    name,
    groups: [],
    isAdmin: false,
    may: {
      sourceTypes: SOURCE_TYPES,
      flags: COMPOSE_FLAGS,
      results: COMPOSE_RESULTS,
      arches: REQUEST_RULES.arches,
      composeTypes: COMPOSE_TYPES,
      targetDirs: REQUEST_RULES.targetDirs,
      rawConfigs: REQUEST_RULES.rawConfigs,
    },
    mayRead: READ_ALL,
    ...overrides,
  };
}
