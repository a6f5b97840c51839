// Makes a mutation happen once although a client repeats it, for example because the answer was lost. The transaction of
// the mutation stores the idempotency key, so that a crash or another process cannot repeat it.

import { createHash } from 'node:crypto';
import { canonicalJson } from '../compose/canonical-json.ts';
import type { Compose } from '../compose/compose.ts';
import { granted, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { IdempotencyKeyTaken, type ComposeStore, type Idempotency } from './ports.ts';
import { conflict } from './refusals.ts';

/** Null if the client gave no key. */
export function idempotencyOf(
  viewer: Viewer,
  mutation: Idempotency['mutation'],
  input: { readonly idempotencyKey?: string | null | undefined },
): Idempotency | null {
  if (input.idempotencyKey == null) return null;
  return { owner: viewer.name, mutation, key: input.idempotencyKey, digest: digestOf(input) };
}

/** Runs `work`, unless the key is stored: then the outcome is what `replayed` makes of the compose of the key. */
export async function onceOnly<T>(
  store: Pick<ComposeStore, 'find' | 'findByIdempotencyKey'>,
  idempotency: Idempotency | null,
  replayed: (compose: Compose) => T,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (!idempotency) return work();
  const known = await replayOf(store, idempotency, replayed);
  if (known) return known;
  try {
    const outcome = await work();
    // The same request may have come first, and may have caused the refusal.
    return outcome.ok ? outcome : ((await replayOf(store, idempotency, replayed)) ?? outcome);
  } catch (error) {
    if (!(error instanceof IdempotencyKeyTaken)) throw error;
    const taken = await replayOf(store, idempotency, replayed);
    if (!taken) throw error;
    return taken;
  }
}

async function replayOf<T>(
  store: Pick<ComposeStore, 'find' | 'findByIdempotencyKey'>,
  idempotency: Idempotency,
  replayed: (compose: Compose) => T,
): Promise<Outcome<T> | null> {
  const known = await store.findByIdempotencyKey(idempotency);
  if (!known) return null;
  if (known.digest !== idempotency.digest) {
    return conflict(
      `The idempotency key was used with another input before, for compose ${known.composeId}. Use a new key for a new request, or repeat the former input.`,
    );
  }
  const compose = await store.find(known.composeId, READ_ALL);
  return compose && granted(replayed(compose));
}

/** Equal for inputs that mean the same: neither the order of keys nor null instead of an absent field matters. */
function digestOf(input: object): string {
  const canonical = canonicalJson(input, { omitNull: true });
  return createHash('sha256').update(canonical).digest('hex');
}
