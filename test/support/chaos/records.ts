// What the clients of a run know by themselves: what they asked, what they were answered, what they saw. The checker
// compares it with the event log.

export interface Asked {
  readonly key: string;
  readonly scenario: Scenario;
  /** Every id that an answer to this key named. */
  readonly ids: Set<string>;
}

export type Scenario = 'quick' | 'slow' | 'hangs' | 'stubborn' | 'leaves' | 'fails' | 'dies';

export interface SeenEvent {
  readonly id: string;
  readonly seq: number;
  readonly cursor: string;
  readonly kind: string;
}

/** What one subscriber was told, over all its connections. */
export interface Subscriber {
  readonly name: string;
  /** Null: all composes, from the beginning on. */
  readonly id: string | null;
  /** Everything up to this seq was in the snapshot. */
  from: number;
  readonly seen: SeenEvent[];
  connections: number;
}

/** A worker that was killed, and what it held at that moment. */
export interface Kill {
  readonly at: number;
  readonly held: readonly { readonly id: string; readonly attempt: number }[];
}

/** A fault other than a kill, for as long as it lasted. */
export interface Disturbance {
  readonly what: string;
  readonly from: number;
  to: number;
}

export class Records {
  readonly asked = new Map<string, Asked>();
  readonly subscribers: Subscriber[] = [];
  readonly kills: Kill[] = [];
  readonly disturbances: Disturbance[] = [];
  /** Composes whose engine was killed on purpose. */
  readonly enginesKilled = new Set<string>();
  /** Answers to cancelCompose that said FAILED. */
  readonly canceled = new Set<string>();
  /** What was wrong as it was seen, e.g. DONE without files. */
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  /** In milliseconds. */
  readonly longestTimes = new Map<string, number>();

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  longest(what: string, ms: number): void {
    this.longestTimes.set(what, Math.max(this.longestTimes.get(what) ?? 0, Math.round(ms)));
  }

  violated(rule: string, what: string): void {
    this.violations.push(`${rule}: ${what}`);
  }

  /** The compose of an answer, by its id. */
  scenarioOf(id: string): Scenario | null {
    for (const { ids, scenario } of this.asked.values()) if (ids.has(id)) return scenario;
    return null;
  }
}
