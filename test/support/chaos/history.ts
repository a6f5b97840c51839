// What the database says happened.

export interface LoggedEvent {
  readonly id: string;
  readonly seq: number;
  /** 0 where it was never assigned. */
  readonly position: number;
  readonly kind: string;
  readonly at: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly attempt: number;
  readonly reuses: string | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

export interface FinalCompose {
  readonly id: string;
  readonly key: string | null;
  readonly state: string;
  readonly seq: number;
  readonly removing: boolean;
  /** The compose whose files are this one's. */
  readonly reuses: string | null;
}

export interface History {
  /** By position. */
  readonly events: readonly LoggedEvent[];
  readonly composes: ReadonlyMap<string, FinalCompose>;
  eventsOf(id: string): readonly LoggedEvent[];
}

export type Query = <Row extends object>(sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;

const EVENTS = `
  select compose_id as id, seq, coalesce(position, 0)::float8 as position, kind, (extract(epoch from at) * 1000)::float8 as at, from_state as "from", to_state as "to",
    (snapshot ->> 'attempt')::int as attempt, snapshot ->> 'reuses' as reuses, snapshot -> 'failure' as failure
  from compose_event order by position, compose_id, seq`;
const COMPOSES = 'select id, idempotency_key as key, state, seq, removing_at is not null as removing, reuses from compose order by id';

export async function readHistory(query: Query): Promise<History> {
  const events = await query<LoggedEvent>(EVENTS);
  const composes = await query<FinalCompose>(COMPOSES);
  const byId = Map.groupBy(events, ({ id }) => id);
  return { events, composes: new Map(composes.map((compose) => [compose.id, compose])), eventsOf: (id) => byId.get(id) ?? [] };
}
