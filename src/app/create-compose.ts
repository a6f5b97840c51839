// Creates a compose from a request, or refuses the request with all of its problems.

import type { Compose } from '../compose/compose.ts';
import type { CreateComposeInput } from '../compose/input.ts';
import { denyRequest } from '../compose/permissions.ts';
import { badInput, granted, type Outcome } from '../compose/refusal.ts';
import { validateRequest } from '../compose/validate-request.ts';
import type { RequestRules } from '../compose/validation/rules.ts';
import type { Viewer } from '../compose/viewer.ts';
import { acceptRequest } from './accept-request.ts';
import { idempotencyOf, onceOnly } from './idempotency.ts';
import type { Clock, ComposeStore } from './ports.ts';

export interface CreateComposeDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly rules: RequestRules;
  /** Composes in WAIT or GENERATING that one owner may have; undefined: no limit. */
  readonly maxOpen?: number | undefined;
}

export interface Created {
  readonly compose: Compose;
  /** The idempotency key was used before: `compose` is the one that it created. */
  readonly replayed: boolean;
}

export async function createCompose(
  deps: CreateComposeDeps,
  viewer: Viewer,
  input: CreateComposeInput,
): Promise<Outcome<Created>> {
  const validated = validateRequest(input, deps.rules);
  if ('problems' in validated) return badInput(...validated.problems);
  const { request } = validated;
  const denied = denyRequest(viewer, request);
  if (denied) return denied;

  const idempotency = idempotencyOf(viewer, 'createCompose', input);
  return onceOnly<Created>(
    deps.store,
    idempotency,
    (compose) => ({ compose, replayed: true }),
    async () => {
      const at = deps.clock.now();
      const accepted = await deps.store.transaction((tx) =>
        acceptRequest(tx, { request, owner: viewer.name, at, idempotency, maxOpen: deps.maxOpen }),
      );
      return accepted.ok ? granted({ compose: accepted.value, replayed: false }) : accepted;
    },
  );
}
