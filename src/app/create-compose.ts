// Accepts a request: the compose, its first event, its idempotency key and its job are one transaction, or nothing is.

import { createHash } from 'node:crypto';
import type { Compose } from '../compose/compose.ts';
import type { CreateComposeInput } from '../compose/input.ts';
import { denyRequest } from '../compose/permissions.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import { validateRequest, type RequestRules } from '../compose/validate-request.ts';
import type { Viewer } from '../compose/viewer.ts';
import { IdempotencyKeyTaken, type Clock, type ComposeStore, type Idempotency } from './ports.ts';

export interface CreateComposeDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly rules: RequestRules;
}

export interface Created {
  readonly compose: Compose;
  readonly replayed: boolean;
}

export async function createCompose(deps: CreateComposeDeps, viewer: Viewer, input: CreateComposeInput): Promise<Outcome<Created>> {
  const validated = validateRequest(input, deps.rules);
  if ('problems' in validated) return badInput(...validated.problems);
  const { request } = validated;
  const denied = denyRequest(viewer, request);
  if (denied) return denied;

  const idempotency = idempotencyOf(viewer, input);
  const replay = idempotency && (await replayOf(deps.store, idempotency));
  if (replay) return replay;
  const submittedAt = deps.clock.now();
  try {
    const compose = await deps.store.transaction(async (tx) => {
      const inserted = await tx.insert(
        {
          ...request,
          owner: viewer.name,
          idempotencyKey: idempotency?.key ?? null,
          submittedAt,
          expiresAt: new Date(submittedAt.getTime() + request.secondsToLive * 1000),
          stateReason: 'Waits for a worker',
        },
        idempotency,
      );
      await tx.enqueue(inserted, 'prepare');
      return inserted;
    });
    return granted({ compose, replayed: false });
  } catch (error) {
    if (!(error instanceof IdempotencyKeyTaken) || !idempotency) throw error;
    const taken = await replayOf(deps.store, idempotency);
    if (!taken) throw error;
    return taken;
  }
}

function idempotencyOf(viewer: Viewer, input: CreateComposeInput): Idempotency | null {
  if (input.idempotencyKey == null) return null;
  return { owner: viewer.name, mutation: 'createCompose', key: input.idempotencyKey, digest: digestOf(input) };
}

async function replayOf(store: ComposeStore, idempotency: Idempotency): Promise<Outcome<Created> | null> {
  const known = await store.findByIdempotencyKey(idempotency);
  if (!known) return null;
  if (known.digest !== idempotency.digest) {
    return refused({ code: 'CONFLICT', message: `The idempotency key was used for another input, of compose ${known.composeId}` });
  }
  const compose = await store.find(known.composeId);
  return compose && granted({ compose, replayed: true });
}

/** Equal for inputs that say the same: the order of object keys and what is null or left out make no difference. */
function digestOf(input: CreateComposeInput): string {
  const canonical = JSON.stringify(input, (_key, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([, item]) => item != null).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(canonical).digest('hex');
}
