// Reserves the Pungi compose id of a compose: release, day, and the first respin number that no other compose has. A
// tracking service, if configured, assigns the number. All attempts of a compose use the same id.

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

/** Null if a later attempt of the compose has begun. */
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
  throw new Error(`All ${MAX_RESPINS} respin numbers of ${release.short}-${release.version} are taken today`);
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
