// A service beside this one that gives composes their ids, unique among all that it knows.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { PungiIdentity, PungiRelease } from '../../compose/pungi-identity.ts';

export interface ComposeTracking {
  /** An identity of the same release and day, of the respin wanted or a later one; the same again where it was reserved for this compose before. Rejects after an abort. */
  reserve(
    wanted: { readonly compose: Compose; readonly release: PungiRelease; readonly identity: PungiIdentity },
    signal: AbortSignal,
  ): Promise<{ readonly identity: PungiIdentity } | { readonly failure: ComposeFailure }>;
}
