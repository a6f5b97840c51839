// Composes in the database of a test.

import type { ChangeNote, ComposePatch, ComposeStore, Idempotency } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { aCompose, T0 } from './composes.ts';

/** Stores a compose in any state, as if its history had led there. It has two events. */
export async function storedCompose(
  store: ComposeStore,
  overrides: Partial<Compose> = {},
  patch: ComposePatch = {},
): Promise<Compose> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose(overrides), null);
    const note = { kind: 'STATE_CHANGED', at: T0, by: 'a test', reason: null } as const;
    const next = { ...inserted, ...overrides, id: inserted.id };
    return tx.save(inserted, next, note, patch);
  });
}

/** Ids that no compose can have. */
export const IMPOSSIBLE_IDS = ['0', '-1', '01', 'x', '', '9223372036854775808', '1e3', '99999999999999999999999'];

/** Changes a compose as a use case does: under its lock, with an event. */
export async function changed(
  store: ComposeStore,
  id: string,
  next: Partial<Compose>,
  { kind = 'STATE_CHANGED', patch = {} }: { readonly kind?: ChangeNote['kind']; readonly patch?: ComposePatch } = {},
): Promise<Compose> {
  return store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) throw new Error(`There is no compose ${id}`);
    return tx.save(compose, { ...compose, ...next }, { kind, at: T0, by: 'a test', reason: 'a reason' }, patch);
  });
}

/** Stores a compose in WAIT. */
export function inserted(
  store: ComposeStore,
  overrides: Partial<Compose> = {},
  idempotency: Idempotency | null = null,
): Promise<Compose> {
  return store.transaction((tx) => tx.insert(aCompose(overrides), idempotency));
}
