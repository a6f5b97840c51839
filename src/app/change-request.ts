// What the requests to change an existing compose have in common: a reason, and the right to change the compose.

import type { Compose } from '../compose/compose.ts';
import { denyChange } from '../compose/permissions.ts';
import { isReadable } from '../compose/read-policy.ts';
import { badInput, granted, type Outcome, type Refusal } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import type { ComposeTransaction } from './ports.ts';
import { composeNotFound } from './refusals.ts';

export interface ChangeRequest {
  readonly id: string;
  /** Stored with the compose and its events; at most `MAX_REASON_CHARACTERS`. */
  readonly reason: string | null;
}

const MAX_REASON_CHARACTERS = 1_000;

/** Null if the reason is acceptable. */
export function refuseReason({ reason }: ChangeRequest): { readonly ok: false; readonly refusal: Refusal } | null {
  if (reason === null || reason.length <= MAX_REASON_CHARACTERS) return null;
  return badInput({ path: 'input.reason', message: `must be at most ${MAX_REASON_CHARACTERS} characters` });
}

/** The compose, locked, if the viewer may change it. `verb` names the change in the refusal. */
export async function lockChangeable(
  tx: ComposeTransaction,
  viewer: Viewer,
  id: string,
  verb: string,
): Promise<Outcome<Compose>> {
  const compose = await tx.lock(id);
  if (!compose || !isReadable(compose, viewer.mayRead)) return composeNotFound(id);
  return denyChange(viewer, compose, verb) ?? granted(compose);
}
