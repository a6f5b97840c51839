// What the harness knows by itself: what its clients asked, what they were answered, what they saw, what appeared on
// disk, and what was done to whom. The checker compares it with the event log.

export interface Asked {
  readonly key: string;
  readonly scenario: Scenario;
  /** Every id that an answer to this key named. */
  readonly ids: Set<string>;
  /** The request once more, as it was sent. */
  readonly input?: object;
}

export type Scenario = 'quick' | 'slow' | 'hangs' | 'stubborn' | 'leaves' | 'fails' | 'dies';

export interface SeenEvent {
  readonly id: string;
  readonly seq: number;
  readonly cursor: string;
  readonly kind: string;
  /** What the compose was said to be. */
  readonly state: string;
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

export type Role = 'api' | 'worker';

/** A process that was killed. */
export interface Kill {
  readonly role: Role;
  readonly pid: number;
  /** Just before the signal. */
  readonly at: number;
  /** When its end was seen. */
  readonly deadBy: number;
}

/** A fault other than a kill, for as long as it lasted. */
export interface Disturbance {
  readonly fault: string;
  readonly role: Role;
  readonly place: string;
  readonly pid: number;
  readonly from: number;
  to: number;
}

/** A process that was started, and how long it took until it served: what the machine was able to do at that time. */
export interface Start {
  readonly at: number;
  readonly ms: number;
}

/** A directory that appeared under the name of a compose. */
export interface Publication {
  readonly id: string;
  /** Whose directory it was before the rename, by its inode; null where nobody saw it made. */
  readonly attempt: number | null;
  /** Of the rename, by the file system's clock. */
  readonly at: number;
}

export class Records {
  readonly asked = new Map<string, Asked>();
  readonly subscribers: Subscriber[] = [];
  readonly kills: Kill[] = [];
  readonly disturbances: Disturbance[] = [];
  readonly starts: Start[] = [];
  readonly publications: Publication[] = [];
  /** Composes whose engine was killed on purpose. */
  readonly enginesKilled = new Set<string>();
  /** Composes that a client asked to cancel. */
  readonly cancelsAsked = new Set<string>();
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
}
