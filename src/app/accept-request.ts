// Creates the compose of a valid request: the compose, its first event, its idempotency key and its job, in one
// transaction.

import type { Compose } from '../compose/compose.ts';
import { laneOf } from '../compose/lane.ts';
import { granted, refused, type Outcome } from '../compose/refusal.ts';
import type { ComposeRequest } from '../compose/request.ts';
import type { ComposeTransaction, Idempotency } from './ports.ts';

export interface AcceptedRequest {
  readonly request: ComposeRequest;
  readonly owner: string;
  readonly at: Date;
  readonly idempotency: Idempotency | null;
  /** Composes in WAIT or GENERATING that one owner may have; undefined: no limit. */
  readonly maxOpen: number | undefined;
}

export async function acceptRequest(
  tx: ComposeTransaction,
  { request, owner, at, idempotency, maxOpen }: AcceptedRequest,
): Promise<Outcome<Compose>> {
  if (maxOpen !== undefined && (await tx.countOpen(owner, maxOpen)) >= maxOpen) {
    return refused({
      code: 'RATE_LIMITED',
      message: `${owner} has ${maxOpen} composes in WAIT or GENERATING, the most that one owner may have. Try again when one of them has ended, or cancel one.`,
    });
  }
  const compose = await tx.insert(
    {
      ...request,
      owner,
      idempotencyKey: idempotency?.key ?? null,
      submittedAt: at,
      expiresAt: new Date(at.getTime() + request.secondsToLive * 1000),
      stateReason: 'Waiting for a worker',
    },
    idempotency,
  );
  await tx.enqueue(compose, laneOf(compose));
  return granted(compose);
}
