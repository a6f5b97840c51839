// The id that Pungi gives a compose: made of what its release is called, with the first respin of the day that no other
// compose has; where a tracking service is configured, of all that it knows. Reserved once, the same over all attempts.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import {
  readReleaseIdentity,
  releaseIdentity,
  type PungiIdentity,
  type PungiRelease,
} from '../../compose/pungi-identity.ts';
import { PungiComposeIdTaken, type ComposeStore, type ComposeTracking } from '../ports.ts';

export interface ReserveIdentityDeps {
  readonly store: Pick<ComposeStore, 'transaction'>;
  readonly tracking: ComposeTracking | null;
}

const MAX_RESPINS = 10_000;

/** Null where the attempt is not the compose's any more. */
export async function reserveIdentity(
  { store, tracking }: ReserveIdentityDeps,
  compose: Compose,
  { release, at, signal }: { readonly release: PungiRelease; readonly at: Date; readonly signal: AbortSignal },
): Promise<{ readonly identity: PungiIdentity } | { readonly failure: ComposeFailure } | null> {
  const known =
    compose.pungiComposeId === null ? null : readReleaseIdentity(release, compose.composeType, compose.pungiComposeId);
  if (known) return { identity: known };
  for (let respin = 0; respin < MAX_RESPINS;) {
    const wanted = releaseIdentity(release, compose.composeType, at, respin);
    const given = tracking
      ? await tracking.reserve({ compose, release, identity: wanted }, signal)
      : { identity: wanted };
    if ('failure' in given) return given;
    const reserved = await tryReserve(store, compose, given.identity);
    if (reserved !== 'taken') return reserved === 'reserved' ? given : null;
    respin = given.identity.respin + 1;
  }
  throw new Error(`More than ${MAX_RESPINS} composes of ${release.short}-${release.version} on one day`);
}

async function tryReserve(
  store: ReserveIdentityDeps['store'],
  { id, attempt }: Compose,
  identity: PungiIdentity,
): Promise<'reserved' | 'taken' | 'lost'> {
  try {
    return await store.transaction(async (tx) => {
      const locked = await tx.lock(id);
      if (locked?.state !== 'GENERATING' || locked.attempt !== attempt) return 'lost';
      await tx.patch(locked, { pungiComposeId: identity.id });
      return 'reserved';
    });
  } catch (error) {
    if (error instanceof PungiComposeIdTaken) return 'taken';
    throw error;
  }
}
