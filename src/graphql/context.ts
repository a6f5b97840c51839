// The context that the resolvers of one operation share.

import type { Api } from '../app/api.ts';
import type { Logger } from '../app/ports.ts';
import type { Viewer } from '../compose/viewer.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export interface OperationContext {
  readonly api: Api;
  readonly viewer: Viewer;
  readonly loaders: Loaders;
  readonly log: Logger;
}

/** Loaders of a `live` operation cache nothing, because it may last for hours. */
export function operationContext(
  api: Api,
  viewer: Viewer,
  log: Logger,
  { live }: { readonly live: boolean },
): OperationContext {
  return { api, viewer, log, loaders: createLoaders(api, viewer, { cache: !live }) };
}
