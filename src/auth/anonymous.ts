// No authentication: every request is from `anonymous`, an administrator who may request everything that is configured.

import { READ_ALL } from '../compose/read-policy.ts';
import { granted } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { SOURCE_TYPES } from '../compose/sources/descriptors.ts';
import { COMPOSE_FLAGS, COMPOSE_RESULTS, COMPOSE_TYPES } from '../compose/vocabulary.ts';
import type { Authenticator, ConfiguredLists } from './authenticator.ts';

export function anonymousAuthenticator(configured: ConfiguredLists): Authenticator {
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
  return { authenticate: async () => granted(viewer) };
}
