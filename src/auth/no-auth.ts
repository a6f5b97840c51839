// No authentication: everyone is `anonymous`, an administrator, and may ask for all that this server is set up for.

import { READ_ALL } from '../compose/read-policy.ts';
import { granted } from '../compose/refusal.ts';
import type { Permissions, Viewer } from '../compose/viewer.ts';
import { COMPOSE_FLAGS, COMPOSE_RESULTS, COMPOSE_TYPES } from '../compose/vocabulary.ts';
import type { AuthBackend } from './backend.ts';
import { SOURCE_TYPES } from '../compose/sources/descriptors.ts';

export type ConfiguredLists = Pick<Permissions, 'arches' | 'targetDirs' | 'rawConfigs'>;

export function anonymousAuthenticator(configured: ConfiguredLists): AuthBackend {
  const viewer: Viewer = Object.freeze({
    name: 'anonymous',
    groups: [],
    isAdmin: true,
    may: Object.freeze({
      sourceTypes: SOURCE_TYPES,
      flags: COMPOSE_FLAGS,
      results: COMPOSE_RESULTS,
      composeTypes: COMPOSE_TYPES,
      ...configured,
    }),
    mayRead: READ_ALL,
  });
  return { name: 'noauth', authenticate: async () => granted(viewer) };
}
