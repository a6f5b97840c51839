// Pins keep a compose from expiring and from being removed, until they are deleted or expire.

import type { Compose } from '../compose/compose.ts';
import { MAX_PINS, validatePin, type Pin, type PinComposeInput } from '../compose/pin.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { lockChangeable } from './change-request.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { Clock, ComposeStore, ComposeTransaction } from './ports.ts';
import { conflict } from './refusals.ts';

export interface PinComposeDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly rules: ChangeRules;
}

export interface Pinned {
  readonly compose: Compose;
  readonly pin: Pin;
}

/** Replaces a pin of the same name; its time to live counts from now. */
export async function pinCompose(
  deps: PinComposeDeps,
  viewer: Viewer,
  input: PinComposeInput,
): Promise<Outcome<Pinned>> {
  const problems = validatePin(input);
  if (problems.length > 0) return badInput(...problems);
  return deps.store.transaction(async (tx) => {
    const found = await lockChangeable(tx, viewer, input.id, 'pin');
    if (!found.ok) return found;
    const compose = found.value;
    const at = deps.clock.now();
    const expiresAt = input.secondsToLive == null ? null : new Date(at.getTime() + input.secondsToLive * 1000);
    const pins = await tx.pins(compose.id);
    if (pins.length >= MAX_PINS && pins.every(({ name }) => name !== input.name))
      return conflict(
        `Compose ${compose.id} has ${pins.length} pins, the most that a compose can have. Unpin one of them first.`,
      );
    const pinned = await changeCompose(
      tx,
      compose,
      { event: { type: 'PIN', at }, by: viewer.name, reason: input.name },
      deps.rules,
    );
    if (!pinned)
      return conflict(
        compose.removingAt === null
          ? `Compose ${compose.id} is ${compose.state} and has no results to keep. Renew it to generate them again, and pin the new compose.`
          : `Compose ${compose.id} is being removed and cannot be kept. Renew it when it is REMOVED, and pin the new compose.`,
      );
    const pin = await tx.putPin(compose.id, { name: input.name, owner: viewer.name, expiresAt, createdAt: at });
    return granted({ compose: pinned, pin });
  });
}

export async function unpinCompose(
  deps: PinComposeDeps,
  viewer: Viewer,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Outcome<Compose>> {
  return deps.store.transaction(async (tx) => {
    const found = await lockChangeable(tx, viewer, id, 'unpin');
    if (!found.ok) return found;
    if (!(await tx.deletePin(id, name)))
      return refused({
        code: 'NOT_FOUND',
        message: `Compose ${id} has no pin ${JSON.stringify(name.slice(0, 100))}; it may have expired. The field pins lists the pins of a compose.`,
      });
    const unpinned = await changeCompose(
      tx,
      found.value,
      { event: { type: 'UNPIN', at: deps.clock.now() }, by: viewer.name, reason: name },
      deps.rules,
    );
    return granted(unpinned ?? found.value);
  });
}

/** Deletes the expired pins of the locked compose. `pinnedBy` is the name of a living pin, or null. */
export async function deleteExpiredPins(
  tx: ComposeTransaction,
  compose: Compose,
  at: Date,
  rules: ChangeRules,
): Promise<{ readonly compose: Compose; readonly pinnedBy: string | null }> {
  let current = compose;
  let pinnedBy: string | null = null;
  for (const { name, expiresAt } of await tx.pins(compose.id)) {
    if (expiresAt === null || expiresAt > at) {
      pinnedBy ??= name;
      continue;
    }
    await tx.deletePin(compose.id, name);
    current =
      (await changeCompose(tx, current, { event: { type: 'UNPIN', at }, by: 'system', reason: name }, rules)) ??
      current;
  }
  return { compose: current, pinnedBy };
}

/** Deletes the pins that have expired. */
export async function unpinExpired(deps: PinComposeDeps & ForEachDueDeps): Promise<void> {
  await forEachDue(deps, { what: 'EXPIRED_PINS', at: deps.clock.now() }, (id) =>
    deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose) await deleteExpiredPins(tx, compose, deps.clock.now(), deps.rules);
    }),
  );
}
