// What the database says happened: the service's own tables, and what the witness kept beside them.

export interface LoggedEvent {
  readonly id: string;
  readonly seq: number;
  /** 0 where it was never assigned. */
  readonly position: number;
  readonly kind: string;
  readonly at: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string | null;
  readonly stateReason: string;
  /** What the compose was after it. */
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
  /** The compose whose files are this one's. */
  readonly reuses: string | null;
}

/** Which process began an attempt. */
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

/** One attempt, from its begin to what followed its end. */
export interface AttemptStory {
  readonly id: string;
  readonly attempt: number;
  /** Null where no witness saw who began it. */
  readonly pid: number | null;
  readonly begun: LoggedEvent;
  /** The change that ended it; where that is WAIT, `next` is the one after. */
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

/** The change that takes a compose back from a worker that is gone. */
export function isLoss({ reason }: LoggedEvent): boolean {
  return reason === 'Its worker was lost';
}

/** What counts for WORKER_LOST: also an attempt whose end its worker, cut off from the database, could not write. */
export function countsAsLoss({ to, failure, stateReason }: LoggedEvent): boolean {
  return failure?.code === 'WORKER_LOST'
    ? to === 'FAILED'
    : to === 'WAIT' && /^The worker (was lost|lost the database)/.test(stateReason);
}
