// One attempt of a compose: what its steps share. Its number fences every write; the lifecycle machine refuses a stale
// one.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { ChangeRules } from '../change-compose.ts';
import type {
  Clock,
  ComposeStore,
  ComposeTracking,
  ComposeTransaction,
  Engine,
  Logger,
  ProcessGroup,
  ProcessRunner,
  ProgressStore,
  Results,
  SourceResolver,
} from '../ports.ts';
import { retryConnectionLoss } from '../retry-connection-loss.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { RunningAttempts } from './running-attempts.ts';

export interface AttemptDeps {
  readonly store: ComposeStore;
  readonly results: Results;
  readonly progress: Pick<ProgressStore, 'put'>;
  readonly resolver: SourceResolver;
  readonly engineFor: (compose: Compose) => Promise<Engine | null>;
  /** Null: no tracking service is configured, and this service numbers its composes itself. */
  readonly tracking: ComposeTracking | null;
  readonly attempts: RunningAttempts;
  /** Why a target directory cannot be used; null if it can. */
  readonly checkTarget: (targetDir: string) => Promise<ComposeFailure | null>;
  /** Runs a program; `register` stores its process group before it starts. */
  readonly processRunner: (register: (group: ProcessGroup) => Promise<void>) => ProcessRunner;
  readonly registerProcessGroup: (compose: Compose, group: ProcessGroup) => Promise<void>;
  readonly forgetProcessGroups: (compose: Compose) => Promise<void>;
  readonly workerId: string;
  /** The longest time that an attempt of this compose may take. */
  readonly timeoutSeconds: (compose: Compose) => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: ChangeRules;
}

export class Attempt {
  readonly deps: AttemptDeps;
  /** As begun; once the source is resolved, with the arches and sigkeys that the source prescribes. */
  compose: Compose;
  readonly number: number;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  readonly reporter: ProgressReporter;
  readonly logger: Logger;
  /** The complete configuration that the engine ran with; null if the engine keeps none. */
  configuration: string | null = null;

  constructor(deps: AttemptDeps, compose: Compose, signal: AbortSignal) {
    this.deps = deps;
    this.compose = compose;
    this.number = compose.attempt;
    this.signal = signal;
    this.timeoutSeconds = deps.timeoutSeconds(compose);
    this.reporter = new ProgressReporter(
      (progress) => deps.progress.put(compose.id, progress),
      compose.attempt,
      deps.clock,
    );
    this.logger = deps.logger.child({ composeId: compose.id, attempt: compose.attempt });
  }

  /** Retries while the database is unreachable, so that a short outage does not cost the work done so far. */
  transaction<T>(work: (tx: ComposeTransaction) => Promise<T>): Promise<T> {
    return retryConnectionLoss(this.signal, () => this.deps.store.transaction(work));
  }

  registerProcessGroup(group: ProcessGroup): Promise<void> {
    return retryConnectionLoss(this.signal, () => this.deps.registerProcessGroup(this.compose, group));
  }

  appendLog(text: string): void {
    this.deps.results.appendLog(this.compose, this.number, text);
  }
}
