// A row of `compose` and back. It comes as one JSON value: that is half the work of forty columns. Bigints come beside it,
// as strings; instants are ISO strings in UTC.

import { isComposeId } from '../compose/compose-id.ts';
import type { Compose, ComposeSnapshot } from '../compose/compose.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import type {
  ComposeFlag,
  ComposeResult,
  ComposeState,
  ComposeType,
  EngineName,
  MultilibMethod,
} from '../compose/vocabulary.ts';
import type { ComposeSource } from '../compose/sources/descriptors.ts';

export interface ComposeRow {
  readonly id: string;
  readonly reuses: string | null;
  readonly compose: StoredCompose;
}

interface StoredCompose {
  readonly owner: string;
  readonly idempotency_key: string | null;
  readonly state: ComposeState;
  readonly state_reason: string;
  readonly failure: ComposeFailure | null;
  readonly attempt: number;
  readonly losses: number;
  readonly worker_id: string | null;
  readonly seq: number;
  readonly source: ComposeSource;
  readonly seconds_to_live: number;
  readonly arches: string[];
  readonly flags: ComposeFlag[];
  readonly results: ComposeResult[];
  readonly sigkeys: string[];
  readonly multilib_arches: string[];
  readonly multilib_methods: MultilibMethod[];
  readonly lookaside_repos: string[];
  readonly compose_type: ComposeType;
  readonly label: string | null;
  readonly target_dir: string;
  readonly parent_pungi_compose_ids: string[];
  readonly respin_of: string | null;
  readonly pungi_compose_id: string | null;
  readonly pungi_config_dump: string | null;
  readonly engine_name: EngineName | null;
  readonly digest: string | null;
  readonly submitted_at: string;
  readonly started_at: string | null;
  readonly done_at: string | null;
  readonly removed_at: string | null;
  readonly expires_at: string;
  readonly removed_by: string | null;
  readonly cancel_requested_at: string | null;
  readonly cancel_requested_by: string | null;
  readonly cancel_reason: string | null;
  readonly removing_at: string | null;
  readonly removal_reason: string | null;
}

/** A compose, for a select list; `c` is the table's alias, or a column that holds its row. */
export function composeColumns(c = 'c'): string {
  return `(${c}).id, (${c}).reuses, row_to_json(${c}) as compose`;
}

export function composeFrom({ id, reuses, compose: row }: ComposeRow): Compose {
  return {
    id,
    owner: row.owner,
    idempotencyKey: row.idempotency_key,
    state: row.state,
    stateReason: row.state_reason,
    failure: row.failure,
    attempt: row.attempt,
    losses: row.losses,
    workerId: row.worker_id,
    seq: row.seq,
    source: row.source,
    secondsToLive: row.seconds_to_live,
    arches: row.arches,
    flags: row.flags,
    results: row.results,
    sigkeys: row.sigkeys,
    multilibArches: row.multilib_arches,
    multilibMethods: row.multilib_methods,
    lookasideRepos: row.lookaside_repos,
    composeType: row.compose_type,
    label: row.label,
    targetDir: row.target_dir,
    parentPungiComposeIds: row.parent_pungi_compose_ids,
    respinOf: row.respin_of,
    pungiComposeId: row.pungi_compose_id,
    pungiConfigDump: row.pungi_config_dump,
    engineName: row.engine_name,
    digest: row.digest,
    submittedAt: new Date(row.submitted_at),
    startedAt: revived(row.started_at),
    doneAt: revived(row.done_at),
    removedAt: revived(row.removed_at),
    expiresAt: new Date(row.expires_at),
    removedBy: row.removed_by,
    cancelRequestedAt: revived(row.cancel_requested_at),
    cancelRequestedBy: row.cancel_requested_by,
    cancelReason: row.cancel_reason,
    reuses,
    removingAt: revived(row.removing_at),
    removalReason: row.removal_reason,
  };
}

/** `2026-11-22 19:37:30.12+00`, as sessions in UTC write it. */
export function instant(text: string): Date {
  return new Date(`${text.slice(0, 10)}T${text.slice(11, text.length - 3)}Z`);
}

export function instantOrNull(text: string | null): Date | null {
  return text === null ? null : instant(text);
}

export function timestamp(date: Date): string {
  return date.toISOString();
}

export function timestampOrNull(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

type StoredSnapshot = {
  readonly [K in keyof ComposeSnapshot]: ComposeSnapshot[K] extends Date | null
    ? string | Extract<ComposeSnapshot[K], null>
    : ComposeSnapshot[K];
};

/** A snapshot as it comes out of jsonb: its instants are ISO strings there. */
export function snapshotFrom(stored: StoredSnapshot): ComposeSnapshot {
  return {
    ...stored,
    startedAt: revived(stored.startedAt),
    doneAt: revived(stored.doneAt),
    removedAt: revived(stored.removedAt),
    expiresAt: new Date(stored.expiresAt),
    cancelRequestedAt: revived(stored.cancelRequestedAt),
  };
}
export type { StoredSnapshot };

function revived(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

/** Null for what cannot be an id, so that it finds nothing instead of failing in the database. */
export function validId(id: string): string | null {
  return isComposeId(id) ? id : null;
}
