// One resolver for all sources: each compose goes to the one of its source's type.

import type { SourceResolver } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { failure, type ComposeFailure } from '../compose/failure.ts';
import { descriptorOf, type SourceType } from '../compose/sources/descriptors.ts';

export type SourcesByType = Partial<Readonly<Record<SourceType, SourceResolver>>>;

export function sourcesByType(sources: SourcesByType): SourceResolver {
  return {
    identify: async (compose, signal) =>
      (await sources[compose.source.type]?.identify(compose, signal)) ?? { failure: notConfigured(compose) },
    resolve: async (compose, context) =>
      (await sources[compose.source.type]?.resolve(compose, context)) ?? { failure: notConfigured(compose) },
  };
}

/** Accepted by a process that is configured otherwise, or before the configuration changed. */
function notConfigured({ source }: Compose): ComposeFailure {
  return failure(
    'INVALID_SOURCE',
    `The source ${descriptorOf(source).field} is not configured on the worker; tell an administrator`,
  );
}
