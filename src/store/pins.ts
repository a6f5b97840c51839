// Pins, beside the row of their compose. Whoever changes them holds that row's lock.

import type { RunStatement } from '../app/ports.ts';
import type { Pin } from '../compose/pin.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { ownersOf } from './compose-filter.ts';
import { instant, instantOrNull, timestamp, timestampOrNull, validId } from './compose-row.ts';
import { prepared } from './prepared.ts';

interface PinRow {
  readonly compose_id: string;
  readonly name: string;
  readonly owner: string;
  readonly expires_at: string | null;
  readonly created_at: string;
}

const PINS = 'select compose_id, name, owner, expires_at, created_at from pin';
const OF_ONE = prepared(`${PINS} where compose_id = $1 order by name`);
const OF_MANY = prepared(
  `${PINS} where compose_id = any($1::bigint[]) and (expires_at is null or expires_at > $2)
    and ($3::text[] is null or exists (select 1 from compose c where c.id = compose_id and c.owner = any($3))) order by compose_id, name`,
);
const PUT = prepared(`
  insert into pin (compose_id, name, owner, expires_at, created_at) values ($1, $2, $3, $4, $5)
  on conflict (compose_id, name) do update set owner = excluded.owner, expires_at = excluded.expires_at
  returning compose_id, name, owner, expires_at, created_at`);
const DELETE = prepared('delete from pin where compose_id = $1 and name = $2 returning name');

export async function pinsOfOne(run: RunStatement, id: string): Promise<readonly Pin[]> {
  return (await run<PinRow>(OF_ONE, [id])).map(pinFrom);
}

export async function pinsOf(
  run: RunStatement,
  ids: readonly string[],
  at: Date,
  policy: ReadPolicy,
): Promise<readonly (readonly Pin[])[]> {
  const rows = await run<PinRow>(OF_MANY, [ids.filter((id) => validId(id) !== null), timestamp(at), ownersOf(policy)]);
  const byCompose = Map.groupBy(rows, (row) => row.compose_id);
  return ids.map((id) => (byCompose.get(id) ?? []).map(pinFrom));
}

export async function putPin(run: RunStatement, id: string, { name, owner, expiresAt, createdAt }: Pin): Promise<Pin> {
  const [row] = await run<PinRow>(PUT, [id, name, owner, timestampOrNull(expiresAt), timestamp(createdAt)]);
  if (!row) throw new Error('A pin was not stored');
  return pinFrom(row);
}

export async function deletePin(run: RunStatement, id: string, name: string): Promise<boolean> {
  return (await run(DELETE, [id, name])).length > 0;
}

function pinFrom(row: PinRow): Pin {
  return {
    name: row.name,
    owner: row.owner,
    expiresAt: instantOrNull(row.expires_at),
    createdAt: instant(row.created_at),
  };
}
