// A service that gives composes their Pungi ids, which are unique among all composes that it knows.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { PungiIdentity, PungiRelease } from '../../compose/pungi-identity.ts';

export interface ComposeTracking {
  /**
   * An identity of the same release and day, with the wanted respin or a later one. The same one again if it was reserved
   * for this compose before. Rejects after an abort.
   */
  reserve(
    wanted: { readonly compose: Compose; readonly release: PungiRelease; readonly identity: PungiIdentity },
    signal: AbortSignal,
  ): Promise<{ readonly identity: PungiIdentity } | { readonly failure: ComposeFailure }>;
  /** Closes all connections. */
  close(): Promise<void>;
}
