// Runs a program, and settles when none of its processes is left: not those that ignore SIGTERM, outlive their parent or left
// the process group. execa alone would stop waiting when the leader ends. The program starts behind a gate, a shell that waits
// for one line: so it cannot fork before its process group is registered, and never starts when this process dies first.

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { ProcessGroup } from '../../app/ports.ts';
import { readOutputs } from '../../os/process-table.ts';
import { describeGroup, GROUP_MARKER, markerOf, type SpawnHandle } from './group-members.ts';
import { lineSplitter } from './output-lines.ts';
import { terminateGroup, type Survivor } from './terminate-group.ts';

export type OutputStream = 'stdout' | 'stderr';

export interface ProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The program's whole environment, except for the group's marker. It inherits nothing from this process. */
  readonly env: Record<string, string>;
  readonly signal: AbortSignal;
  /** Gets whole lines, without their ends. */
  onOutput(line: string, stream: OutputStream): void;
  /** The program starts when this resolves, and never when it rejects. */
  registerProcessGroup(group: ProcessGroup): Promise<void>;
  readonly timeoutMs?: number;
  readonly stdin?: string;
}

export interface ProcessResult {
  /** 127: there is no such program; 126: it is not executable; null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly aborted: boolean;
  readonly timedOut: boolean;
  /** Processes that survived SIGKILL (uninterruptible sleep). The caller logs them. */
  readonly survivors: readonly Survivor[];
}

// Published files must be readable for everyone, whatever the umask of the service. The shell reads exactly one line (POSIX:
// byte by byte from a pipe); the rest of stdin is for the program.
const GATE = `umask 022; IFS= read -r ${GROUP_MARKER} || exit 125; export ${GROUP_MARKER}; exec "$@"`;
/** The output that is left in the pipes after the end of all writers is read within this time. */
const DRAIN_MS = 1_000;

/** For every program that the service starts. `path` finds other programs; `scratch` is for its files. */
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
  const { group, handle } = leader;
  try {
    await options.registerProcessGroup(group);
  } catch (error) {
    leader.stdin.destroy();
    await terminateGroup(group, handle);
    throw error;
  }
  leader.stdin.end(`${markerOf(group)}\n${options.stdin ?? ''}`);

  const interrupted = await interruption(exited, options);
  const survivors = await terminateGroup(group, handle);
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
  // The program can close its stdin.
  subprocess.stdin.on('error', () => {});
  const { pid, nodeChildProcess, stdin, stdout, stderr } = subprocess;
  if (pid === undefined)
    throw new Error(`cannot start a process in ${options.cwd}`, { cause: (await subprocess).cause });
  // Before the next turn of the event loop: until then, even a dead leader is in /proc, as a zombie.
  const handle: SpawnHandle = { outputs: readOutputs(pid) };
  return { group: describeGroup(pid), handle, nodeChildProcess, stdin, stdout, stderr };
}

/** Settles when the leader ends (null), or when the program must be ended. */
async function interruption(
  exited: Promise<unknown>,
  { signal, timeoutMs }: ProcessOptions,
): Promise<'aborted' | 'timedOut' | null> {
  const settled = new AbortController();
  const untilSettled = { signal: settled.signal };
  try {
    return await Promise.race([
      exited.then(() => null),
      signal.aborted
        ? Promise.resolve('aborted' as const)
        : once(signal, 'abort', untilSettled).then(() => 'aborted' as const),
      ...(timeoutMs === undefined ? [] : [delay(timeoutMs, 'timedOut' as const, untilSettled)]),
    ]);
  } finally {
    settled.abort();
  }
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = lineSplitter(onLine);
  stream.on('data', (chunk: Uint8Array) => lines.push(chunk));
  stream.on('error', () => {});
  // `once` of node:events would reject on an error, possibly before its promise has a handler.
  await new Promise<void>((resolve) => void stream.once('close', () => resolve()));
  lines.end();
}
