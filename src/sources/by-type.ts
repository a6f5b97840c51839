// One resolver for all sources: each compose goes to the resolver of its source's type.

import type { SourceResolver } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { failure } from '../compose/failure.ts';
import { descriptorOf, type SourceType } from '../compose/sources/descriptors.ts';
import type { Failed } from '../upstreams/answer.ts';

/** Null: the configuration does not have what the type needs. */
export type ResolversByType = Readonly<Record<SourceType, SourceResolver | null>>;

export function resolverByType(resolvers: ResolversByType): SourceResolver {
  return {
    identify: async (compose, signal) =>
      (await resolvers[compose.source.type]?.identify(compose, signal)) ?? notConfigured(compose),
    resolve: async (compose, context) =>
      (await resolvers[compose.source.type]?.resolve(compose, context)) ?? notConfigured(compose),
  };
}

/** The request was accepted by a process with another configuration. */
function notConfigured({ source }: Compose): Failed {
  const message = `The worker is not configured for the source ${descriptorOf(source).field}. Ask the operators to give all processes the same configuration.`;
  return { failure: failure('INVALID_SOURCE', message) };
}
