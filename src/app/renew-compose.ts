// Gives a finished compose more time; or makes it again, where its files are gone or something else is asked for. What
// shares its files gets the time as well, in one transaction; rows are locked in the order of their ids, as they are
// everywhere, so that nobody waits in a circle.

import type { Compose } from '../compose/compose.ts';
import { denyChange, denyRequest } from '../compose/permissions.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import { differs, respin, validateRenewal, type Renewal, type RenewComposeInput } from '../compose/renewal.ts';
import type { RequestRules } from '../compose/validate-request.ts';
import type { Viewer } from '../compose/viewer.ts';
import { acceptRequest } from './accept-request.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { idempotencyOf, onceOnly } from './idempotency.ts';
import type { Clock, ComposeStore, ComposeTransaction, Idempotency } from './ports.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';

export interface RenewComposeDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly requestRules: RequestRules;
  readonly rules: ChangeRules;
  /** WAIT and GENERATING composes that one owner may have. */
  readonly maxOpen?: number | undefined;
}

export interface Renewed {
  readonly compose: Compose;
  /** True where `compose` is a new one. */
  readonly regenerated: boolean;
}

interface Asked {
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
  if (!compose) return refused({ code: 'NOT_FOUND', message: `There is no compose ${input.id}` });
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
  asked: Asked,
): Promise<Outcome<Renewed>> {
  const family = await tx.lockFamily(id);
  const compose = family.find((member) => member.id === id);
  if (!compose) return refused({ code: 'NOT_FOUND', message: `There is no compose ${id}` });
  if (compose.removingAt !== null && compose.state !== 'REMOVED')
    return conflict(`Compose ${id} is being removed; renew it when it is REMOVED`);
  switch (compose.state) {
    case 'WAIT':
    case 'GENERATING':
      return conflict(`Compose ${id} is ${compose.state}; only DONE, FAILED and REMOVED can be renewed`);
    case 'DONE':
      return differs(compose, asked.renewal)
        ? regenerate(deps, tx, compose, family, asked)
        : extend(deps, tx, compose, family, asked);
    case 'FAILED':
    case 'REMOVED':
      return regenerate(deps, tx, compose, family, asked);
  }
}

async function extend(
  deps: RenewComposeDeps,
  tx: ComposeTransaction,
  compose: Compose,
  family: readonly Compose[],
  asked: Asked,
): Promise<Outcome<Renewed>> {
  const at = deps.clock.now();
  const expiresAt = new Date(at.getTime() + asked.renewal.secondsToLive * 1000);
  let renewed = compose;
  for (const member of family) {
    if (member.id !== compose.id && member.expiresAt >= expiresAt) continue;
    const reason = member.id === compose.id ? null : `Shares its files with compose ${compose.id}, which was renewed`;
    const changed = await changeCompose(
      tx,
      member,
      { event: { type: 'EXTEND', at, expiresAt }, by: asked.viewer.name, reason },
      deps.rules,
    );
    if (member.id === compose.id) renewed = changed ?? member;
  }
  if (asked.idempotency) await tx.remember(asked.idempotency, compose.id);
  return granted({ compose: renewed, regenerated: false });
}

async function regenerate(
  deps: RenewComposeDeps,
  tx: ComposeTransaction,
  compose: Compose,
  family: readonly Compose[],
  asked: Asked,
): Promise<Outcome<Renewed>> {
  const generated = family.find(({ id }) => id === (compose.reuses ?? compose.id));
  const request = respin(compose, asked.renewal, generated?.pungiComposeId ?? null);
  if (!deps.requestRules.capabilities.has(request.source.type)) {
    return conflict(
      `Compose ${compose.id} cannot be made again: no configured engine can do a source ${descriptorOf(request.source).field} any more`,
    );
  }
  const denied = denyRequest(asked.viewer, request);
  if (denied) return denied;
  const fresh = await acceptRequest(tx, {
    request,
    owner: asked.viewer.name,
    at: deps.clock.now(),
    idempotency: asked.idempotency,
    maxOpen: deps.maxOpen,
  });
  if (!fresh.ok) return fresh;
  // With other builds or modules, a wrapper has to be filled in anew.
  const isSame = asked.renewal.builds === null && asked.renewal.modules === null;
  const pungiConfigDump = generated?.pungiConfigDump ?? compose.pungiConfigDump;
  const again = pungiConfigDump !== null && isSame ? await tx.patch(fresh.value, { pungiConfigDump }) : fresh.value;
  return granted({ compose: again, regenerated: true });
}

function conflict(message: string): Outcome<never> {
  return refused({ code: 'CONFLICT', message });
}
