// What the harness records itself: requests and answers of its clients, events that subscribers got, directories that were
// published, and faults. The rules compare it with the event log.

export interface ClientRequest {
  readonly key: string;
  readonly scenario: Scenario;
  /** The ids in all answers to this key. */
  readonly ids: Set<string>;
  /** The input of the request, to repeat it. */
  readonly input?: object;
}

export type Scenario = 'quick' | 'slow' | 'hangs' | 'stubborn' | 'leaves' | 'fails' | 'dies';

export interface SeenEvent {
  readonly id: string;
  readonly seq: number;
  readonly cursor: string;
  readonly kind: string;
  /** The state of the compose in the event. */
  readonly state: string;
}

/** The events that one subscriber got, over all its connections. */
export interface Subscriber {
  readonly name: string;
  /** Null: all composes, from the start of the run. */
  readonly id: string | null;
  /** The seq of the snapshot; earlier events are not sent. */
  from: number;
  readonly events: SeenEvent[];
  connections: number;
}

export type Role = 'api' | 'worker';

/** A process that was killed. */
export interface Kill {
  readonly role: Role;
  readonly pid: number;
  /** Just before the signal. */
  readonly at: number;
  /** When it had exited. */
  readonly deadBy: number;
}

/** A fault other than a kill, from its begin to its end. */
export interface Disturbance {
  readonly fault: string;
  readonly role: Role;
  readonly instance: string;
  readonly pid: number;
  readonly from: number;
  to: number;
}

/** A start of a process: how long it took until it served shows how busy the machine was. */
export interface Start {
  readonly at: number;
  readonly ms: number;
}

/** A directory that was published for a compose. */
export interface Publication {
  readonly id: string;
  /** The attempt whose directory it was, by its inode; null if the attempt's directory was not seen. */
  readonly attempt: number | null;
  /** The time of the rename, by the file system. */
  readonly at: number;
}

export class Records {
  readonly requests = new Map<string, ClientRequest>();
  readonly subscribers: Subscriber[] = [];
  readonly kills: Kill[] = [];
  readonly disturbances: Disturbance[] = [];
  readonly starts: Start[] = [];
  readonly publications: Publication[] = [];
  /** Composes whose engine the harness killed. */
  readonly enginesKilled = new Set<string>();
  /** Composes whose cancellation a client requested. */
  readonly cancelRequests = new Set<string>();
  /** Composes that an answer to cancelCompose showed as FAILED. */
  readonly canceled = new Set<string>();
  /** Violations that were found during the run, e.g. a DONE compose without files. */
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  /** In milliseconds, by what took so long. */
  readonly longestDurations = new Map<string, number>();

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  duration(what: string, ms: number): void {
    this.longestDurations.set(what, Math.max(this.longestDurations.get(what) ?? 0, Math.round(ms)));
  }

  violation(rule: string, what: string): void {
    this.violations.push(`${rule}: ${what}`);
  }
}
