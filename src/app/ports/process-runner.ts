// How sources and engines run a program. The supervisor of engines/ implements it.

/** A program that runs to its end in a process group of its own. */
export interface ProcessRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The program's whole environment. */
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly stdin?: string;
  /** Called for each line, without its line end. Very long lines are cut. */
  onOutput(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface ProcessOutcome {
  /** Null after a signal; 127 where the program is not installed. */
  readonly exitCode: number | null;
  readonly aborted: boolean;
  readonly timedOut: boolean;
}

/** Resolves when no process of the group is left. Within an attempt, the process groups are registered for it. */
export type ProcessRunner = (run: ProcessRun) => Promise<ProcessOutcome>;
