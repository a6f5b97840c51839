// Composes in the database of a test.

import type { ComposePatch, ComposeStore } from '../../src/app/ports.ts';
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
