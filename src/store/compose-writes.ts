// Inserts and updates of composes. A change and its event are one statement, so that neither is stored without the other.

import { isDeepStrictEqual } from 'node:util';
import type { Insertable, Kysely, QueryCreator, Updateable } from 'kysely';
import {
  IdempotencyKeyTaken,
  PungiComposeIdTaken,
  ReusableTaken,
  type ChangeNote,
  type ComposePatch,
  type Idempotency,
} from '../app/ports.ts';
import {
  newCompose,
  snapshotOf,
  type Compose,
  type ComposeEvent,
  type Lifecycle,
  type NewCompose,
} from '../compose/compose.ts';
import { columnsOf } from './compose-row.ts';
import { sqlState, violatedConstraint } from './database.ts';
import type { Em, Tables } from './em.ts';
import { statement, statementsBy } from './prepared.ts';

type Columns = Insertable<Tables['compose']>;

const insert = statement((db, columns: Columns, event: StoredEvent) =>
  withEvent(db, columns, event).selectFrom('c').select('id'),
);

const insertWithKey = statement((db, columns: Columns, event: StoredEvent, idempotency: Idempotency) =>
  withEvent(db, columns, event)
    .with('key', (qb) => insertKey(qb, idempotency))
    .selectFrom('c')
    .select('id'),
);

function withEvent(db: Kysely<Tables>, columns: Columns, event: StoredEvent) {
  return db
    .with('c', (qb) => qb.insertInto('compose').values(columns).returning(['id', 'seq']))
    .with('event', (qb) => insertEvent(qb, event));
}

export async function insertCompose(em: Em, accepted: NewCompose, idempotency: Idempotency | null): Promise<Compose> {
  const { id: _unknown, ...compose } = newCompose('', accepted);
  const event = {
    kind: 'STATE_CHANGED',
    at: compose.submittedAt,
    from: null,
    to: compose.state,
    by: compose.owner,
    reason: null,
    snapshot: snapshotOf(compose),
  } as const;
  const columns = columnsOf(compose);
  const inserting = idempotency ? insertWithKey(em, columns, event, { ...idempotency }) : insert(em, columns, event);
  const [row] = await inserting.catch((error: unknown) => {
    if (idempotency && sqlState(error) === '23505') throw new IdempotencyKeyTaken(idempotency.key, { cause: error });
    throw error;
  });
  if (!row) throw new Error('An insert returned no row');
  return { ...compose, id: row.id };
}

type Changes = Updateable<Tables['compose']>;

const save = statementsBy(
  (_columns: readonly string[], db, id: string, seq: number, changes: Changes, event: StoredEvent) =>
    db
      .with('c', (qb) =>
        qb
          .updateTable('compose')
          .set((eb) => ({ ...changes, seq: eb('seq', '+', 1) }))
          .where('id', '=', id)
          .where('seq', '=', seq)
          .returning(['id', 'seq']),
      )
      .with('event', (qb) => insertEvent(qb, event))
      .selectFrom('c')
      .select('seq'),
);

/** `next` may have more fields than a lifecycle. Only columns that change are written. */
export async function saveCompose(
  em: Em,
  compose: Compose,
  next: Lifecycle,
  note: ChangeNote,
  { linksDue, ...patch }: ComposePatch,
): Promise<Compose> {
  const changes = { ...changedFields(compose, next), ...patch };
  const columns = columnsOfPatch({ ...changes, linksDue });
  const event = eventOf(compose, { ...compose, ...changes }, note);
  const [saved] = await save(Object.keys(columns))(em, compose.id, compose.seq, columns, event).catch(
    (error: unknown) => {
      if (violatedConstraint(error) === 'compose_root')
        throw new ReusableTaken(`Another compose has the digest of ${compose.id}`, { cause: error });
      throw error;
    },
  );
  if (!saved) throw new Error(`Compose ${compose.id} is not at seq ${compose.seq}; it was saved without its lock`);
  return { ...compose, ...changes, seq: saved.seq };
}

const update = statementsBy((_columns: readonly string[], db, id: string, changes: Changes) =>
  db.updateTable('compose').set(changes).where('id', '=', id),
);

export async function patchCompose(em: Em, compose: Compose, { linksDue, ...patch }: ComposePatch): Promise<Compose> {
  const columns = columnsOfPatch({ ...patch, linksDue });
  if (Object.keys(columns).length === 0) return compose;
  await update(Object.keys(columns))(em, compose.id, columns).catch((error: unknown) => {
    if (violatedConstraint(error) === 'compose_pungi_compose_id')
      throw new PungiComposeIdTaken(`Another compose has the Pungi compose id ${patch.pungiComposeId}`, {
        cause: error,
      });
    throw error;
  });
  return { ...compose, ...patch };
}

function columnsOfPatch({
  linksDue,
  ...fields
}: Partial<Compose> & { readonly linksDue: boolean | undefined }): Changes {
  const columns = columnsOf(fields);
  return linksDue === undefined ? columns : { ...columns, links_due: linksDue };
}

function changedFields(compose: Compose, next: Lifecycle): Partial<Compose> {
  const { id: _id, seq: _seq, ...fields }: Partial<Compose> = next;
  const changed = Object.entries(fields).filter(
    ([name, value]) => !isDeepStrictEqual(value, compose[name as keyof Compose]),
  );
  return Object.fromEntries(changed);
}

type StoredEvent = Omit<ComposeEvent, 'composeId' | 'seq' | 'position'>;

function eventOf(compose: Compose, next: Compose, { kind, at, by, reason }: ChangeNote): StoredEvent {
  const [from, to] = kind === 'STATE_CHANGED' ? [compose.state, next.state] : [null, null];
  return { kind, at, from, to, by, reason, snapshot: snapshotOf(next) };
}

type Written = Tables & { c: { id: string; seq: number } };

/** The event of the compose that the statement has written as `c`. */
function insertEvent(qb: QueryCreator<Written>, { kind, at, from, to, by, reason, snapshot }: StoredEvent) {
  return qb
    .insertInto('compose_event')
    .columns(['compose_id', 'seq', 'kind', 'at', 'from_state', 'to_state', 'by', 'reason', 'snapshot'])
    .expression((eb) =>
      eb
        .selectFrom('c')
        .select([
          'c.id',
          'c.seq',
          eb.val(kind).as('kind'),
          eb.val(at).as('at'),
          eb.val(from).as('from_state'),
          eb.val(to).as('to_state'),
          eb.val(by).as('by'),
          eb.val(reason).as('reason'),
          eb.val(snapshot).as('snapshot'),
        ]),
    );
}

function insertKey(qb: QueryCreator<Written>, { owner, mutation, key, digest }: Idempotency) {
  return qb
    .insertInto('idempotency')
    .columns(['owner', 'mutation', 'key', 'digest', 'compose_id'])
    .expression((eb) =>
      eb
        .selectFrom('c')
        .select([
          eb.val(owner).as('owner'),
          eb.val(mutation).as('mutation'),
          eb.val(key).as('key'),
          eb.val(digest).as('digest'),
          'c.id',
        ]),
    );
}
