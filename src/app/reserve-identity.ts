// The id that Pungi gives a compose of a raw configuration: made of what the configuration calls its release, with the
// first respin of the day that no other compose has. Reserved once, the same over all attempts.

import type { Compose } from '../compose/compose.ts';
import { readReleaseIdentity, releaseIdentity, type PungiIdentity, type PungiRelease } from '../compose/pungi-identity.ts';
import { PungiComposeIdTaken, type ComposeStore } from './ports.ts';

const MAX_RESPINS = 10_000;

/** Null where the attempt is not the compose's any more. */
export async function reserveIdentity(store: Pick<ComposeStore, 'find' | 'transaction'>, { id, attempt }: Compose, release: PungiRelease, at: Date): Promise<PungiIdentity | null> {
  const compose = await store.find(id);
  if (!compose || compose.attempt !== attempt) return null;
  const known = compose.pungiComposeId === null ? null : readReleaseIdentity(release, compose.composeType, compose.pungiComposeId);
  if (known) return known;
  for (let respin = 0; respin < MAX_RESPINS; respin += 1) {
    const identity = releaseIdentity(release, compose.composeType, at, respin);
    const reserved = await tryReserve(store, compose, identity);
    if (reserved !== 'taken') return reserved === 'reserved' ? identity : null;
  }
  throw new Error(`More than ${MAX_RESPINS} composes of ${release.short}-${release.version} on one day`);
}

async function tryReserve(store: Pick<ComposeStore, 'transaction'>, { id, attempt }: Compose, identity: PungiIdentity): Promise<'reserved' | 'taken' | 'lost'> {
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
