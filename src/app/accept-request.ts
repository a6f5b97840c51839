// Makes a compose of an accepted request: the compose, its first event, its idempotency key and its job, in one transaction.

import type { Compose } from '../compose/compose.ts';
import type { ComposeRequest } from '../compose/request.ts';
import type { ComposeTransaction, Idempotency } from './ports.ts';

export interface AcceptedRequest {
  readonly request: ComposeRequest;
  readonly owner: string;
  readonly at: Date;
  readonly idempotency: Idempotency | null;
}

export async function acceptRequest(tx: ComposeTransaction, { request, owner, at, idempotency }: AcceptedRequest): Promise<Compose> {
  const compose = await tx.insert(
    {
      ...request,
      owner,
      idempotencyKey: idempotency?.key ?? null,
      submittedAt: at,
      expiresAt: new Date(at.getTime() + request.secondsToLive * 1000),
      stateReason: 'Waits for a worker',
    },
    idempotency,
  );
  // One that shares nothing has nothing to look for.
  await tx.enqueue(compose, request.flags.includes('NO_REUSE') ? 'generate' : 'prepare');
  return compose;
}
