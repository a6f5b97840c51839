// Runs a program of an engine, and settles only when none of its processes is left: not those that ignore SIGTERM, not
// grandchildren that outlive it, not those that left its group. The one importer of execa, whose own escalation ends
// when the leader does. The program starts behind a gate, a shell that waits for one line: so it cannot fork before its
// group is registered, and it never starts when this process dies first.

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { ProcessGroup } from '../app/ports.ts';
import { GROUP_MARKER, markerOf } from './group-members.ts';
import { lineSplitter } from './output-lines.ts';
import { describeGroup, stopGroup, type Survivor } from './process-group.ts';
import { readOutputs } from '../os/process-table.ts';

export { killLeftOver, type Survivor } from './process-group.ts';

export type OutputStream = 'stdout' | 'stderr';

export interface ProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the program's environment but the group's marker: nothing of this process leaks (see `minimalEnvironment`). */
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
  /** Whole lines, without their end. */
  onOutput(line: string, stream: OutputStream): void;
  /** The program starts when this has settled; where it rejects, the program never does. */
  registerProcessGroup(group: ProcessGroup): Promise<void>;
  readonly timeoutMs?: number;
  readonly stdin?: string;
}

export interface ProcessResult {
  /** 127 where there is no such program, 126 where it may not be executed. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly aborted: boolean;
  readonly timedOut: boolean;
  /** Processes that outlived SIGKILL (uninterruptible sleep): to be logged. */
  readonly survivors: readonly Survivor[];
}

// What is published is for everybody to read, whatever our own umask. Exactly one line is read (POSIX: byte by byte from a pipe), the rest of stdin is the program's.
const GATE = `umask 022; IFS= read -r ${GROUP_MARKER} || exit 125; export ${GROUP_MARKER}; exec "$@"`;
/** Nobody is left to write; what is still in the pipes is read within this. */
const DRAIN_MS = 1_000;

/** The environment of every program that we start: `path` to find others by, and a scratch directory to write to. */
export function minimalEnvironment(path: string, scratch: string): Record<string, string> {
  return { PATH: path, HOME: scratch, TMPDIR: scratch, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
}

export async function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  if (options.signal.aborted) return { exitCode: null, signal: null, aborted: true, timedOut: false, survivors: [] };
  const leader = await spawnBehindGate(options);
  const exited = once(leader.nodeChildProcess, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const drained = Promise.all([
    readLines(leader.stdout, (line) => options.onOutput(line, 'stdout')),
    readLines(leader.stderr, (line) => options.onOutput(line, 'stderr')),
  ]);
  const { group, held } = leader;
  try {
    await options.registerProcessGroup(group);
  } catch (error) {
    leader.stdin.destroy();
    await stopGroup(group, held);
    throw error;
  }
  leader.stdin.end(`${markerOf(group)}\n${options.stdin ?? ''}`);

  const interrupted = await interruption(exited, options);
  const survivors = await stopGroup(group, held);
  const [exitCode, signal] = survivors.some(({ pid }) => pid === group.pgid) ? [null, null] : await exited;
  await Promise.race([drained, delay(DRAIN_MS)]);
  leader.stdout.destroy();
  leader.stderr.destroy();
  return { exitCode, signal, aborted: interrupted === 'aborted', timedOut: interrupted === 'timedOut', survivors };
}

async function spawnBehindGate(options: ProcessOptions) {
  const subprocess = execa('/bin/sh', ['-c', GATE, 'sh', options.file, ...options.args], {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    encoding: 'buffer',
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  // The program need not read its stdin.
  subprocess.stdin.on('error', () => {});
  const { pid, nodeChildProcess, stdin, stdout, stderr } = subprocess;
  if (pid === undefined)
    throw new Error(`cannot start a process in ${options.cwd}`, { cause: (await subprocess).cause });
  // At once: until the loop turns, even a leader that is dead already is still in /proc, as a zombie.
  return { group: describeGroup(pid), held: { outputs: readOutputs(pid) }, nodeChildProcess, stdin, stdout, stderr };
}

/** Why waiting is over: the leader ended by itself (null), or it has to be ended. */
async function interruption(
  exited: Promise<unknown>,
  { signal, timeoutMs }: ProcessOptions,
): Promise<'aborted' | 'timedOut' | null> {
  const settled = new AbortController();
  const quietly = { signal: settled.signal };
  try {
    return await Promise.race([
      exited.then(() => null),
      signal.aborted
        ? Promise.resolve('aborted' as const)
        : once(signal, 'abort', quietly).then(() => 'aborted' as const),
      ...(timeoutMs === undefined ? [] : [delay(timeoutMs, 'timedOut' as const, quietly)]),
    ]);
  } finally {
    settled.abort();
  }
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = lineSplitter(onLine);
  stream.on('data', (chunk: Uint8Array) => lines.push(chunk));
  stream.on('error', () => {});
  // Not `once` of node:events: it would reject on an error before anybody waits for it.
  await new Promise<void>((resolve) => void stream.once('close', () => resolve()));
  lines.end();
}
