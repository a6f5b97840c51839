// What one transaction may do to composes and the tables beside them.

import type { ComposeTransaction, Sendable } from '../app/ports.ts';
import type { Lane } from '../compose/lane.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { findCompose } from './compose-find.ts';
import {
  countOpen,
  countReusers,
  findReusable,
  lockCompose,
  lockSharingResult,
  lockLatest,
  lockReusers,
} from './compose-locks.ts';
import { insertCompose, patchCompose, saveCompose } from './compose-writes.ts';
import type { Em } from './em.ts';
import { storeIdempotency } from './idempotency.ts';
import { deletePackages, insertPackages } from './package-store.ts';
import { deletePin, pinsOfOne, putPin } from './pins.ts';

/** The queue, as far as a transaction needs it. */
export interface JobSender {
  /** Sends the job of a compose in the transaction of `em`, in place of an open one. */
  send(em: Em, compose: Sendable, lane: Lane): Promise<void>;
}

export function composeTransaction(em: Em, queue: JobSender): ComposeTransaction {
  return {
    insert: (compose, idempotency) => insertCompose(em, compose, idempotency),
    find: (id) => findCompose(em, id, READ_ALL),
    lock: (id) => lockCompose(em, id),
    save: (compose, next, note, patch) => saveCompose(em, compose, next, note, patch ?? {}),
    patch: (compose, patch) => patchCompose(em, compose, patch),
    enqueue: (compose, lane) => queue.send(em, compose, lane),
    findReusable: (digest) => findReusable(em, digest),
    lockSharingResult: (id) => lockSharingResult(em, id),
    lockLatest: (targetDir) => lockLatest(em, targetDir),
    countOpen: (owner, limit) => countOpen(em, owner, limit),
    countReusers: (reusedId) => countReusers(em, reusedId),
    pins: (id) => pinsOfOne(em, id),
    putPin: (id, pin) => putPin(em, id, pin),
    deletePin: (id, name) => deletePin(em, id, name),
    storeIdempotency: (idempotency, composeId) => storeIdempotency(em, idempotency, composeId),
    lockReusers: (reusedId) => lockReusers(em, reusedId),
    insertPackages: (id, packages) => insertPackages(em, id, packages),
    deletePackages: (id) => deletePackages(em, id),
  };
}
