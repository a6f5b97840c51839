// Pinning keeps a compose until the pin is taken away or ends; the row's lock makes it one or the other with a removal
// that begins at the same moment.

import type { Compose } from '../compose/compose.ts';
import { denyChange } from '../compose/permissions.ts';
import { MAX_PINS, validatePin, type Pin, type PinComposeInput } from '../compose/pin.ts';
import { badInput, granted, refused, type Outcome } from '../compose/refusal.ts';
import { isReadable } from '../compose/read-policy.ts';
import type { Viewer } from '../compose/viewer.ts';
import { changeCompose, type ChangeRules } from './change-compose.ts';
import { forEachDue, type ForEachDueDeps } from './for-each-due.ts';
import type { Clock, ComposeStore, ComposeTransaction } from './ports.ts';

export interface PinComposeDeps {
  readonly store: ComposeStore;
  readonly clock: Clock;
  readonly rules: ChangeRules;
}

export interface Pinned {
  readonly compose: Compose;
  readonly pin: Pin;
}

/** A pin of the same name is refreshed: the time asked for counts from now. */
export async function pinCompose(
  deps: PinComposeDeps,
  viewer: Viewer,
  input: PinComposeInput,
): Promise<Outcome<Pinned>> {
  const problems = validatePin(input);
  if (problems.length > 0) return badInput(...problems);
  return deps.store.transaction(async (tx) => {
    const found = await changeable(tx, viewer, input.id, 'pin');
    if (!found.ok) return found;
    const compose = found.value;
    const at = deps.clock.now();
    const expiresAt = input.secondsToLive == null ? null : new Date(at.getTime() + input.secondsToLive * 1000);
    const pins = await tx.pins(compose.id);
    if (pins.length >= MAX_PINS && pins.every(({ name }) => name !== input.name))
      return conflict(`Compose ${compose.id} has ${pins.length} pins; take some away first`);
    const pinned = await changeCompose(
      tx,
      compose,
      { event: { type: 'PIN', at }, by: viewer.name, reason: input.name },
      deps.rules,
    );
    if (!pinned)
      return conflict(
        compose.removingAt === null
          ? `Compose ${compose.id} is ${compose.state}; there is nothing to keep`
          : `Compose ${compose.id} is being removed`,
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
    const found = await changeable(tx, viewer, id, 'unpin');
    if (!found.ok) return found;
    if (!(await tx.deletePin(id, name)))
      return refused({ code: 'NOT_FOUND', message: `Compose ${id} has no pin ${JSON.stringify(name.slice(0, 100))}` });
    const unpinned = await changeCompose(
      tx,
      found.value,
      { event: { type: 'UNPIN', at: deps.clock.now() }, by: viewer.name, reason: name },
      deps.rules,
    );
    return granted(unpinned ?? found.value);
  });
}

/** The locked compose without the pins that have ended by now, and the name of one that holds it still. */
export async function endPins(
  tx: ComposeTransaction,
  compose: Compose,
  at: Date,
  rules: ChangeRules,
): Promise<{ readonly compose: Compose; readonly heldBy: string | null }> {
  let current = compose;
  let heldBy: string | null = null;
  for (const { name, expiresAt } of await tx.pins(compose.id)) {
    if (expiresAt === null || expiresAt > at) {
      heldBy ??= name;
      continue;
    }
    await tx.deletePin(compose.id, name);
    current =
      (await changeCompose(tx, current, { event: { type: 'UNPIN', at }, by: 'system', reason: name }, rules)) ??
      current;
  }
  return { compose: current, heldBy };
}

/** Deletes the pins that have expired. */
export async function unpinExpired(deps: PinComposeDeps & ForEachDueDeps): Promise<void> {
  await forEachDue(deps, { what: 'EXPIRED_PINS', at: deps.clock.now() }, (id) =>
    deps.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (compose) await endPins(tx, compose, deps.clock.now(), deps.rules);
    }),
  );
}

async function changeable(tx: ComposeTransaction, viewer: Viewer, id: string, what: string): Promise<Outcome<Compose>> {
  const compose = await tx.lock(id);
  if (!compose || !isReadable(compose, viewer.mayRead))
    return refused({ code: 'NOT_FOUND', message: `There is no compose ${id}` });
  return denyChange(viewer, compose, what) ?? granted(compose);
}

function conflict(message: string): Outcome<never> {
  return refused({ code: 'CONFLICT', message });
}
