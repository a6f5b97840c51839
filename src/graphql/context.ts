// What every resolver of one operation is given.

import type { Logger } from '../app/ports.ts';
import type { Viewer } from '../compose/viewer.ts';
import type { Api } from '../app/api.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export interface OperationContext {
  readonly api: Api;
  readonly viewer: Viewer;
  readonly loaders: Loaders;
  readonly log: Logger;
}

/** `live`: the operation goes on for long, so that nothing it loads may be remembered. */
export function operationContext(
  api: Api,
  viewer: Viewer,
  log: Logger,
  { live }: { readonly live: boolean },
): OperationContext {
  return { api, viewer, log, loaders: createLoaders(api, viewer.mayRead, { cache: !live }) };
}
