// Renews a finished compose: extends its time to live, or generates it again if its files are gone or the renewal asks
// for other packages. An extension also covers the composes that share the result.

import type { Compose } from '../compose/compose.ts';
import { denyChange, denyRequest } from '../compose/permissions.ts';
import { badInput, granted, type Outcome } from '../compose/refusal.ts';
import { differs, respin, validateRenewal, type Renewal, type RenewComposeInput } from '../compose/renewal.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';
import type { RequestRules } from '../compose/validation/rules.ts';
import type { Viewer } from '../compose/viewer.ts';
import { acceptRequest } from './accept-request.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { idempotencyOf, onceOnly } from './idempotency.ts';
import type { Clock, ComposeStore, ComposeTransaction, Idempotency } from './ports.ts';
import { composeNotFound, conflict } from './refusals.ts';

export interface RenewComposeDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly requestRules: RequestRules;
  readonly rules: ChangeRules;
  /** Composes in WAIT or GENERATING that one owner may have; undefined: no limit. */
  readonly maxOpen?: number | undefined;
}

export interface Renewed {
  readonly compose: Compose;
  /** `compose` is a new compose, which is generated again. */
  readonly regenerated: boolean;
}

interface Renewing {
  readonly renewal: Renewal;
  readonly viewer: Viewer;
  readonly idempotency: Idempotency | null;
}

export async function renewCompose(
  deps: RenewComposeDeps,
  viewer: Viewer,
  input: RenewComposeInput,
): Promise<Outcome<Renewed>> {
  const compose = await deps.store.find(input.id, viewer.mayRead);
  if (!compose) return composeNotFound(input.id);
  const denied = denyChange(viewer, compose, 'renew');
  if (denied) return denied;
  const validated = validateRenewal(input, compose, deps.requestRules);
  if ('problems' in validated) return badInput(...validated.problems);

  const idempotency = idempotencyOf(viewer, 'renewCompose', input);
  return onceOnly(
    deps.store,
    idempotency,
    (known) => ({ compose: known, regenerated: known.id !== input.id }),
    () =>
      deps.store.transaction((tx) => renew(deps, tx, input.id, { renewal: validated.renewal, viewer, idempotency })),
  );
}

async function renew(
  deps: RenewComposeDeps,
  tx: ComposeTransaction,
  id: string,
  renewing: Renewing,
): Promise<Outcome<Renewed>> {
  const sharing = await tx.lockSharingResult(id);
  const compose = sharing.find((member) => member.id === id);
  if (!compose) return composeNotFound(id);
  if (compose.removingAt !== null && compose.state !== 'REMOVED')
    return conflict(`Compose ${id} is being removed. Try again when it is REMOVED; a renewal then generates it again.`);
  switch (compose.state) {
    case 'WAIT':
    case 'GENERATING':
      return conflict(
        `Compose ${id} is ${compose.state} and cannot be renewed yet. Try again when it is DONE, FAILED or REMOVED.`,
      );
    case 'DONE':
      return differs(compose, renewing.renewal)
        ? regenerate(deps, tx, compose, sharing, renewing)
        : extend(deps, tx, compose, sharing, renewing);
    case 'FAILED':
    case 'REMOVED':
      return regenerate(deps, tx, compose, sharing, renewing);
  }
}

/** Extends the time to live of the compose, and of those that share its result and would expire earlier. */
async function extend(
  deps: RenewComposeDeps,
  tx: ComposeTransaction,
  compose: Compose,
  sharing: readonly Compose[],
  renewing: Renewing,
): Promise<Outcome<Renewed>> {
  const at = deps.clock.now();
  const expiresAt = new Date(at.getTime() + renewing.renewal.secondsToLive * 1000);
  let renewed = compose;
  for (const member of sharing) {
    if (member.id !== compose.id && member.expiresAt >= expiresAt) continue;
    const reason = member.id === compose.id ? null : `Shares its result with compose ${compose.id}, which was renewed`;
    const changed = await changeCompose(
      tx,
      member,
      { event: { type: 'EXTEND', at, expiresAt }, by: renewing.viewer.name, reason },
      deps.rules,
    );
    if (member.id === compose.id) renewed = changed ?? member;
  }
  if (renewing.idempotency) await tx.storeIdempotency(renewing.idempotency, compose.id);
  return granted({ compose: renewed, regenerated: false });
}

/** Creates a compose with the exact inputs of this one, except for what the renewal asks to change. */
async function regenerate(
  deps: RenewComposeDeps,
  tx: ComposeTransaction,
  compose: Compose,
  sharing: readonly Compose[],
  renewing: Renewing,
): Promise<Outcome<Renewed>> {
  const generated = sharing.find(({ id }) => id === (compose.reuses ?? compose.id));
  const request = respin(compose, renewing.renewal, generated?.pungiComposeId ?? null);
  if (!deps.requestRules.capabilities.has(request.source.type)) {
    return conflict(
      `Compose ${compose.id} cannot be generated again: no engine of this service takes the source ${descriptorOf(request.source).field} any more. Ask the operators to configure one.`,
    );
  }
  const denied = denyRequest(renewing.viewer, request);
  if (denied) return denied;
  const fresh = await acceptRequest(tx, {
    request,
    owner: renewing.viewer.name,
    at: deps.clock.now(),
    idempotency: renewing.idempotency,
    maxOpen: deps.maxOpen,
  });
  if (!fresh.ok) return fresh;
  // Other builds or modules need a new configuration.
  const isSame = renewing.renewal.builds === null && renewing.renewal.modules === null;
  const pungiConfigDump = generated?.pungiConfigDump ?? compose.pungiConfigDump;
  const created = pungiConfigDump !== null && isSame ? await tx.patch(fresh.value, { pungiConfigDump }) : fresh.value;
  return granted({ compose: created, regenerated: true });
}
