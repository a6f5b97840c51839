// The history of a run as the database has it: the tables of the service, and the claims that audit-triggers.ts stores.

export interface LoggedEvent {
  readonly id: string;
  readonly seq: number;
  /** 0 if it was never assigned. */
  readonly position: number;
  readonly kind: string;
  readonly at: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string | null;
  readonly stateReason: string;
  /** The state of the compose after the event. */
  readonly state: string;
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
  /** The reused compose, if any. */
  readonly reuses: string | null;
}

/** The process that began an attempt. */
export interface Claim {
  readonly id: string;
  readonly attempt: number;
  readonly pid: number;
}

export interface History {
  /** By position. */
  readonly events: readonly LoggedEvent[];
  readonly composes: ReadonlyMap<string, FinalCompose>;
  readonly claims: readonly Claim[];
  eventsOf(id: string): readonly LoggedEvent[];
}

export type Query = <Row extends object>(sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;

const EVENTS = `
  select compose_id as id, seq, coalesce(position, 0)::float8 as position, kind, (extract(epoch from at) * 1000)::float8 as at, from_state as "from", to_state as "to", reason,
    snapshot ->> 'state' as state, snapshot ->> 'stateReason' as "stateReason", (snapshot ->> 'attempt')::int as attempt, snapshot ->> 'reuses' as reuses, snapshot -> 'failure' as failure
  from compose_event order by position, compose_id, seq`;
const COMPOSES =
  'select id, idempotency_key as key, state, seq, removing_at is not null as removing, reuses from compose order by id';
const CLAIMS = 'select compose_id as id, attempt, pid from chaos.claim order by compose_id, attempt';

export async function readHistory(query: Query): Promise<History> {
  const [events, composes, claims] = [
    await query<LoggedEvent>(EVENTS),
    await query<FinalCompose>(COMPOSES),
    await query<Claim>(CLAIMS),
  ];
  return historyOf(events, composes, claims);
}

export function historyOf(
  events: readonly LoggedEvent[],
  composes: readonly FinalCompose[],
  claims: readonly Claim[],
): History {
  const byId = Map.groupBy(events, ({ id }) => id);
  return {
    events,
    claims,
    composes: new Map(composes.map((compose) => [compose.id, compose])),
    eventsOf: (id) => byId.get(id) ?? [],
  };
}

/** One attempt, from its begin to the change after its end. */
export interface AttemptStory {
  readonly id: string;
  readonly attempt: number;
  /** Null if no claim was stored. */
  readonly pid: number | null;
  readonly begun: LoggedEvent;
  /** The change that ended it. If that is WAIT, `next` is the change after it. */
  readonly ended: LoggedEvent | null;
  readonly next: LoggedEvent | null;
}

export function attemptStories({ composes, claims, eventsOf }: History): readonly AttemptStory[] {
  const pids = new Map(claims.map(({ id, attempt, pid }) => [`${id}/${attempt}`, pid]));
  return [...composes.keys()].flatMap((id) => {
    const changes = eventsOf(id).filter(({ kind }) => kind === 'STATE_CHANGED');
    return changes.flatMap((begun, index) => {
      if (begun.to !== 'GENERATING' || begun.reuses !== null) return [];
      const ended = changes[index + 1] ?? null;
      const next = ended?.to === 'WAIT' ? (changes[index + 2] ?? null) : ended;
      return [{ id, attempt: begun.attempt, pid: pids.get(`${id}/${begun.attempt}`) ?? null, begun, ended, next }];
    });
  });
}

/** The change that reclaims a compose from a lost worker. */
export function isLoss({ reason }: LoggedEvent): boolean {
  return reason === 'Its worker was lost';
}

/** Whether an event counts for WORKER_LOST. Also an attempt counts whose worker could not store its end in the database. */
export function countsAsLoss({ to, failure, stateReason }: LoggedEvent): boolean {
  return failure?.code === 'WORKER_LOST'
    ? to === 'FAILED'
    : to === 'WAIT' && /^The worker (was lost|lost the database)/.test(stateReason);
}
