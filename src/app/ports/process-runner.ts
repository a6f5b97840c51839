// How a source runs a program without knowing who does it: a part of the ports, which name it.

/** A program to run to its end, with all that it starts. */
export interface ProcessRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the program's environment. */
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly stdin?: string;
  /** Whole lines, without their end; over-long ones are cut. */
  onOutput(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface ProcessOutcome {
  /** Null after a signal; 127 where there is no such program. */
  readonly exitCode: number | null;
  readonly aborted: boolean;
  readonly timedOut: boolean;
}

/** For sources that need a program (git): the supervisor's, bound to the attempt that registers its process groups. */
export type ProcessRunner = (run: ProcessRun) => Promise<ProcessOutcome>;
