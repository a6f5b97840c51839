// What one transaction may do to composes. A change of the lifecycle and its event are one statement, so that the two
// cannot come apart; `patch` changes the row alone.

import {
  IdempotencyKeyTaken,
  PungiComposeIdTaken,
  ReusableTaken,
  type ChangeNote,
  type ComposePatch,
  type ComposeTransaction,
  type Idempotency,
  type JobSender,
  type NewCompose,
  type PackageRecord,
  type RunStatement,
} from '../app/ports.ts';
import { snapshotOf, type Compose, type Lifecycle } from '../compose/compose.ts';
import { composeColumns, composeFrom, timestamp, timestampOrNull, validId, type ComposeRow } from './compose-row.ts';
import { sqlState, violatedConstraint } from './database.ts';
import { deletePin, pinsOfOne, putPin } from './pins.ts';
import { prepared } from './prepared.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';

export function composeTransaction(run: RunStatement, queue: JobSender): ComposeTransaction {
  return {
    insert: (compose, idempotency) => insert(run, compose, idempotency),
    find: (id) => find(run, id),
    lock: (id) => lock(run, id),
    save: (compose, next, note, patch) => save(run, compose, next, note, patch ?? {}),
    patch: (compose, patch) => patchColumns(run, compose, patch),
    enqueue: (compose, lane) => queue.send(run, compose, lane),
    findReusable: (digest) => findRoot(run, digest),
    lockFamily: (id) => lockFamily(run, id),
    lockLatest: async (targetDir) => void (await run(LOCK_LATEST, [targetDir])),
    countOpen: (owner, limit) => countOpen(run, owner, limit),
    countReusers: async (rootId) => Number((await run<{ count: string }>(LIVING_SHARERS, [rootId]))[0]?.count ?? 0),
    pins: (id) => pinsOfOne(run, id),
    putPin: (id, pin) => putPin(run, id, pin),
    deletePin: (id, name) => deletePin(run, id, name),
    remember: (idempotency, composeId) => remember(run, idempotency, composeId),
    lockReusers: (rootId) => lockSharers(run, rootId),
    insertPackages: (id, packages) => insertPackages(run, id, packages),
    deletePackages: async (id) => {
      await run('delete from compose_package where compose_id = $1', [id]);
    },
  };
}

const INSERT = prepared(`
  with c as (
    insert into compose (
      owner, idempotency_key, state, state_reason, source, source_key, seconds_to_live, arches, flags, results, sigkeys,
      multilib_arches, multilib_methods, lookaside_repos, compose_type, label, target_dir, parent_pungi_compose_ids,
      respin_of, submitted_at, expires_at
    ) values ($1, $2, 'WAIT', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    returning id
  ), event as (
    insert into compose_event (compose_id, seq, kind, at, to_state, by, snapshot)
    select id, 1, 'STATE_CHANGED', $19, 'WAIT', $1, $21 from c
  ), key as (
    insert into idempotency (owner, mutation, key, digest, compose_id)
    select $22, $23, $24, $25, id from c where $24::text is not null
  )
  select id from c`);

async function insert(run: RunStatement, compose: NewCompose, idempotency: Idempotency | null): Promise<Compose> {
  const fresh = freshCompose(compose);
  const parameters = [
    compose.owner,
    compose.idempotencyKey,
    compose.stateReason,
    JSON.stringify(compose.source),
    sourceKey(compose.source),
    compose.secondsToLive,
    compose.arches,
    compose.flags,
    compose.results,
    compose.sigkeys,
    compose.multilibArches,
    compose.multilibMethods,
    compose.lookasideRepos,
    compose.composeType,
    compose.label,
    compose.targetDir,
    compose.parentPungiComposeIds,
    compose.respinOf,
    timestamp(compose.submittedAt),
    timestamp(compose.expiresAt),
    JSON.stringify(snapshotOf(fresh)),
    idempotency?.owner ?? null,
    idempotency?.mutation ?? null,
    idempotency?.key ?? null,
    idempotency?.digest ?? null,
  ];
  try {
    const [row] = await run<{ id: string }>(INSERT, parameters);
    if (!row) throw new Error('An insert answered no row');
    return { ...fresh, id: row.id };
  } catch (error) {
    if (idempotency && sqlState(error) === '23505')
      throw new IdempotencyKeyTaken('The idempotency key was taken by another request', { cause: error });
    throw error;
  }
}

const REMEMBER = prepared(
  'insert into idempotency (owner, mutation, key, digest, compose_id) values ($1, $2, $3, $4, $5)',
);

async function remember(
  run: RunStatement,
  { owner, mutation, key, digest }: Idempotency,
  composeId: string,
): Promise<void> {
  await run(REMEMBER, [owner, mutation, key, digest, composeId]).catch((error: unknown) => {
    if (sqlState(error) !== '23505') throw error;
    throw new IdempotencyKeyTaken('The idempotency key was taken by another request', { cause: error });
  });
}

function freshCompose(compose: NewCompose): Compose {
  return {
    ...compose,
    id: '',
    pungiComposeId: null,
    pungiConfigDump: null,
    engineName: null,
    digest: null,
    seq: 1,
    state: 'WAIT',
    failure: null,
    attempt: 0,
    losses: 0,
    workerId: null,
    startedAt: null,
    doneAt: null,
    removedAt: null,
    removedBy: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancelReason: null,
    reuses: null,
    removingAt: null,
    removalReason: null,
  };
}

const FIND = prepared(`select ${composeColumns()} from compose c where c.id = $1`);

async function find(run: RunStatement, id: string): Promise<Compose | null> {
  const valid = validId(id);
  if (valid === null) return null;
  const [row] = await run<ComposeRow>(FIND, [valid]);
  return row ? composeFrom(row) : null;
}

// Not FOR UPDATE: it is as exclusive between changes, and leaves those be that only refer to the row.
const LOCK = prepared(`select ${composeColumns()} from compose c where c.id = $1 for no key update`);

async function lock(run: RunStatement, id: string): Promise<Compose | null> {
  const valid = validId(id);
  if (valid === null) return null;
  const [row] = await run<ComposeRow>(LOCK, [valid]);
  return row ? composeFrom(row) : null;
}

// The conditions of the index compose_root: at most one row. Locked against changes, not against other sharers.
const FIND_ROOT = prepared(`
  select ${composeColumns()} from compose c
  where c.digest = $1 and c.reuses is null and c.state in ('GENERATING', 'DONE') and c.cancel_requested_at is null and c.removing_at is null
  for share`);

async function findRoot(run: RunStatement, digest: string): Promise<Compose | null> {
  const [row] = await run<ComposeRow>(FIND_ROOT, [digest]);
  return row ? composeFrom(row) : null;
}

const LOCK_FAMILY = prepared(`
  select ${composeColumns()} from compose c
  where c.id = any(array(
    select $1::bigint union all select reuses from compose where id = $1 union all select id from compose where reuses = $1 and state = 'DONE'
  ))
  order by c.id for no key update`);

async function lockFamily(run: RunStatement, id: string): Promise<readonly Compose[]> {
  return validId(id) === null ? [] : (await run<ComposeRow>(LOCK_FAMILY, [id])).map(composeFrom);
}

const LOCK_LATEST = prepared("select pg_advisory_xact_lock(hashtextextended('latest ' || $1, 7236840284))");

// Two statements: the count has to see what was committed while it waited for the lock.
const LOCK_OWNER = prepared("select pg_advisory_xact_lock(hashtextextended('owner ' || $1, 7236840283))");
const COUNT_OPEN = prepared(
  "select count(*) as count from (select 1 from compose where owner = $1 and state in ('WAIT', 'GENERATING') limit $2) open",
);

async function countOpen(run: RunStatement, owner: string, limit: number): Promise<number> {
  await run(LOCK_OWNER, [owner]);
  const [row] = await run<{ count: string }>(COUNT_OPEN, [owner, limit]);
  return Number(row?.count ?? 0);
}

const LIVING_SHARERS = prepared("select count(*) as count from compose where reuses = $1 and state <> 'REMOVED'");
const LOCK_SHARERS = prepared(
  `select ${composeColumns()} from compose c where c.reuses = $1 and c.state = 'GENERATING' order by c.id for no key update`,
);

async function lockSharers(run: RunStatement, rootId: string): Promise<readonly Compose[]> {
  return (await run<ComposeRow>(LOCK_SHARERS, [rootId])).map(composeFrom);
}

const UPDATE = `
    update compose set
      state = $3, state_reason = $4, failure = $5, attempt = $6, losses = $7, worker_id = $8, started_at = $9,
      done_at = $10, removed_at = $11, expires_at = $12, removed_by = $13, cancel_requested_at = $14,
      cancel_requested_by = $15, cancel_reason = $16, reuses = $17, removing_at = $18, removal_reason = $19,
      source = coalesce($20, source), source_key = coalesce($21, source_key),
      pungi_compose_id = coalesce($22, pungi_compose_id), pungi_config_dump = coalesce($23, pungi_config_dump),
      engine_name = coalesce($24, engine_name), digest = coalesce($25, digest), arches = coalesce($26, arches), sigkeys = coalesce($27, sigkeys),
      links_due = coalesce($28, links_due)`;
const SAVE = prepared(`
  with c as (
    ${UPDATE}, seq = seq + 1
    where id = $1 and seq = $2
    returning id, seq
  ), event as (
    insert into compose_event (compose_id, seq, kind, at, from_state, to_state, by, reason, snapshot)
    select id, seq, $29, $30, $31, $32, $33, $34, $35 from c
  )
  select seq from c`);

async function save(
  run: RunStatement,
  compose: Compose,
  next: Lifecycle,
  note: ChangeNote,
  patch: ComposePatch,
): Promise<Compose> {
  const row = [
    compose.id,
    compose.seq,
    next.state,
    next.stateReason,
    next.failure && JSON.stringify(next.failure),
    next.attempt,
    next.losses,
    next.workerId,
    timestampOrNull(next.startedAt),
    timestampOrNull(next.doneAt),
    timestampOrNull(next.removedAt),
    timestamp(next.expiresAt),
    next.removedBy,
    timestampOrNull(next.cancelRequestedAt),
    next.cancelRequestedBy,
    next.cancelReason,
    next.reuses,
    timestampOrNull(next.removingAt),
    next.removalReason,
    ...patchParameters(patch),
  ];
  const parameters = [...row, ...eventParameters(compose, next, note)];
  const [saved] = await run<{ seq: number }>(SAVE, parameters).catch((error: unknown) => {
    if (violatedConstraint(error) === 'compose_root')
      throw new ReusableTaken(`Another compose has the digest of ${compose.id}`, { cause: error });
    throw error;
  });
  if (!saved)
    throw new Error(`Compose ${compose.id} was saved without being locked: it is no longer at seq ${compose.seq}`);
  return { ...compose, ...lifecycleOnly(next), ...patched(compose, patch), seq: saved.seq };
}

function eventParameters(compose: Compose, next: Lifecycle, note: ChangeNote): unknown[] {
  const [from, to] = note.kind === 'STATE_CHANGED' ? [compose.state, next.state] : [null, null];
  return [note.kind, timestamp(note.at), from, to, note.by, note.reason, JSON.stringify(snapshotOf(next))];
}

const PATCH = prepared(`
  update compose set
    source = coalesce($2, source), source_key = coalesce($3, source_key),
    pungi_compose_id = coalesce($4, pungi_compose_id), pungi_config_dump = coalesce($5, pungi_config_dump),
    engine_name = coalesce($6, engine_name), digest = coalesce($7, digest), arches = coalesce($8, arches), sigkeys = coalesce($9, sigkeys),
    links_due = coalesce($10, links_due)
  where id = $1`);

async function patchColumns(run: RunStatement, compose: Compose, patch: ComposePatch): Promise<Compose> {
  await run(PATCH, [compose.id, ...patchParameters(patch)]).catch((error: unknown) => {
    if (violatedConstraint(error) === 'compose_pungi_compose_id')
      throw new PungiComposeIdTaken(`Another compose is ${patch.pungiComposeId}`, { cause: error });
    throw error;
  });
  return { ...compose, ...patched(compose, patch) };
}

function patchParameters(patch: ComposePatch): unknown[] {
  return [
    patch.source ? JSON.stringify(patch.source) : null,
    patch.source ? sourceKey(patch.source) : null,
    patch.pungiComposeId ?? null,
    patch.pungiConfigDump ?? null,
    patch.engineName ?? null,
    patch.digest ?? null,
    patch.arches ?? null,
    patch.sigkeys ?? null,
    patch.linksDue ?? null,
  ];
}

function patched(compose: Compose, patch: ComposePatch): Partial<Compose> {
  return {
    source: patch.source ?? compose.source,
    pungiComposeId: patch.pungiComposeId ?? compose.pungiComposeId,
    pungiConfigDump: patch.pungiConfigDump ?? compose.pungiConfigDump,
    engineName: patch.engineName ?? compose.engineName,
    digest: patch.digest ?? compose.digest,
    arches: patch.arches ?? compose.arches,
    sigkeys: patch.sigkeys ?? compose.sigkeys,
  };
}

/** `next` may be a whole compose; only what the lifecycle decides is taken from it. */
function lifecycleOnly(next: Lifecycle): Lifecycle {
  return {
    state: next.state,
    stateReason: next.stateReason,
    failure: next.failure,
    attempt: next.attempt,
    losses: next.losses,
    workerId: next.workerId,
    startedAt: next.startedAt,
    doneAt: next.doneAt,
    removedAt: next.removedAt,
    expiresAt: next.expiresAt,
    removedBy: next.removedBy,
    cancelRequestedAt: next.cancelRequestedAt,
    cancelRequestedBy: next.cancelRequestedBy,
    cancelReason: next.cancelReason,
    reuses: next.reuses,
    removingAt: next.removingAt,
    removalReason: next.removalReason,
  };
}

const INSERT_PACKAGES = prepared(`
  insert into compose_package (compose_id, path, nevra, name, arch, source_nevra, sigkey, size_bytes, tree_arch, category)
  select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[])
  on conflict do nothing`);
const PACKAGES_AT_A_TIME = 5_000;

async function insertPackages(run: RunStatement, id: string, packages: readonly PackageRecord[]): Promise<void> {
  for (let start = 0; start < packages.length; start += PACKAGES_AT_A_TIME) {
    const some = packages.slice(start, start + PACKAGES_AT_A_TIME);
    const columns = [
      'path',
      'nevra',
      'name',
      'arch',
      'sourceNevra',
      'sigkey',
      'sizeBytes',
      'treeArch',
      'category',
    ] as const;
    await run(INSERT_PACKAGES, [id, ...columns.map((column) => some.map((record) => record[column]))]);
  }
}
