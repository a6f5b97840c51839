// A mutation that a client repeats, because it never got the answer, is done once: the key is stored with what was done,
// in the same transaction, so that neither another process nor a crash before the answer makes a second one of it.

import { createHash } from 'node:crypto';
import { canonicalJson } from '../compose/canonical-json.ts';
import type { Compose } from '../compose/compose.ts';
import { granted, refused, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { IdempotencyKeyTaken, type ComposeStore, type Idempotency } from './ports.ts';

/** Null where the client gave no key. */
export function idempotencyOf(
  viewer: Viewer,
  mutation: Idempotency['mutation'],
  input: { readonly idempotencyKey?: string | null | undefined },
): Idempotency | null {
  if (input.idempotencyKey == null) return null;
  return { owner: viewer.name, mutation, key: input.idempotencyKey, digest: digestOf(input) };
}

/** `work`, or, where the key is known, what `replayed` makes of the compose that the key stands for. */
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
    // What stood in the way may be the same request, which came first.
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
    return refused({
      code: 'CONFLICT',
      message: `The idempotency key was used for another input, of compose ${known.composeId}`,
    });
  }
  const compose = await store.find(known.composeId, READ_ALL);
  return compose && granted(replayed(compose));
}

/** Equal for inputs that say the same: the order of object keys and what is null or left out make no difference. */
function digestOf(input: object): string {
  const canonical = canonicalJson(input, { omitNull: true });
  return createHash('sha256').update(canonical).digest('hex');
}
