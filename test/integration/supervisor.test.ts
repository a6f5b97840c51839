// Running programs, and ending them with all their processes.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessGroup } from '../../src/app/ports.ts';
import { describeGroup, membersOf } from '../../src/engines/supervisor/group-members.ts';
import { minimalEnvironment, runProcess, type ProcessOptions } from '../../src/engines/supervisor/run-process.ts';
import { killOrphanedGroup } from '../../src/engines/supervisor/terminate-group.ts';
import { readProcess } from '../../src/os/process-table.ts';

/** A child, a grandchild and a double fork outside of group and session. All ignore SIGTERM. */
const STUBBORN = `
  trap '' TERM
  up=$(mktemp)
  loop="trap '' TERM; echo up >>$up; while :; do sleep 1; done"
  export loop
  sh -c 'sh -c "$loop" & eval "$loop"' &
  (setsid sh -c "$loop" &)
  while [ "$(wc -l <"$up")" -lt 3 ]; do sleep 0.02; done
  rm "$up"
  echo ready
  while :; do sleep 1; done`;

let scratch = '';
const others: ChildProcess[] = [];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'odcs-supervisor-'));
});
afterEach(async () => {
  for (const other of others.splice(0)) other.kill('SIGKILL');
  await rm(scratch, { recursive: true });
});

interface Started {
  readonly lines: string[];
  readonly groups: ProcessGroup[];
  readonly ready: Promise<void>;
  readonly result: ReturnType<typeof runProcess>;
}

function start(script: string, overrides: Partial<ProcessOptions> = {}): Started {
  const lines: string[] = [];
  const groups: ProcessGroup[] = [];
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const result = runProcess({
    file: '/bin/sh',
    args: ['-c', script],
    cwd: scratch,
    env: minimalEnvironment('/usr/bin:/bin', scratch),
    signal: new AbortController().signal,
    onOutput: (line) => {
      lines.push(line);
      if (line === 'ready') resolve();
    },
    registerProcessGroup: async (group) => void groups.push(group),
    ...overrides,
  });
  return { lines, groups, ready, result };
}

describe('runProcess', () => {
  it('returns the exit code and passes the output line by line', async () => {
    const run = start('cat; echo oops >&2; exit 3', { stdin: 'one\ntwo' });
    expect(await run.result).toEqual({ exitCode: 3, signal: null, aborted: false, timedOut: false, survivors: [] });
    expect(run.lines.toSorted()).toEqual(['one', 'oops', 'two']);
  });

  it('gives the program no variable of this process’s environment', async () => {
    const run = start('env', { env: { PATH: '/usr/bin:/bin', ONLY: 'this' } });
    await run.result;
    const ofTheShell = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    const names = new Set(
      run.lines.map((line) => line.replace(/=.*/, '')).filter((name) => !ofTheShell.includes(name)),
    );
    expect(names).toEqual(new Set(['ODCS_PROCESS_GROUP', 'ONLY', 'PATH']));
  });

  it('starts the program after its group is registered', async () => {
    const { promise: registered, resolve: register } = Promise.withResolvers<void>();
    const { promise: asked, resolve: askNow } = Promise.withResolvers<ProcessGroup>();
    const run = start('touch begun; echo ready', {
      registerProcessGroup: (group) => {
        askNow(group);
        return registered;
      },
    });
    const group = await asked;
    expect(await membersOf(group)).toHaveLength(1);
    expect(existsSync(join(scratch, 'begun'))).toBe(false);
    register();
    await run.result;
    expect(existsSync(join(scratch, 'begun'))).toBe(true);
  });

  it('never starts the program when registering its group fails', async () => {
    const groups: ProcessGroup[] = [];
    const run = start('touch begun', {
      registerProcessGroup: async (group) => {
        groups.push(group);
        throw new Error('the database is gone');
      },
    });
    await expect(run.result).rejects.toThrow('the database is gone');
    expect(existsSync(join(scratch, 'begun'))).toBe(false);
    expect(await membersOf(groups[0] as ProcessGroup)).toEqual([]);
  });

  it('returns 127 when there is no such program', async () => {
    expect((await start('', { file: 'no-such-program', args: [] }).result).exitCode).toBe(127);
  });

  it('cuts lines that are too long', async () => {
    const run = start('head -c 1000000 /dev/zero | tr "\\0" x; echo; echo last');
    await run.result;
    expect(run.lines.map((line) => line.length)).toEqual([16_388, 4]);
  });

  it('ends the processes that the program leaves', async () => {
    const run = start('sleep 300 & (setsid sleep 300 &) ; exit 0');
    expect(await run.result).toMatchObject({ exitCode: 0, survivors: [] });
    expect(await membersOf(run.groups[0] as ProcessGroup)).toEqual([]);
  });

  it('ends processes without the marker, in the group or outside of it, with and without a parent', async () => {
    const abort = new AbortController();
    const run = start(
      `
      env -i sleep 300 & echo $!
      (setsid env -i sleep 300 & echo $!)
      setsid env -i sh -c "trap '' TERM; echo ready; exec >/dev/null 2>&1; while :; do sleep 1; done" & echo $!
      wait`,
      { signal: abort.signal },
    );
    await run.ready;
    abort.abort();
    await run.result;
    const orphans = start('env -i sleep 300 >/dev/null 2>&1 & echo $!; (setsid env -i sleep 300 & echo $!)');
    await orphans.result;
    const pids = [...run.lines, ...orphans.lines].filter((line) => line !== 'ready').map(Number);
    expect(pids).toHaveLength(5);
    for (const pid of pids) expect(readProcess(pid)?.state ?? 'Z').toBe('Z');
  });

  it('stops the program after the timeout', async () => {
    expect(await start('sleep 300', { timeoutMs: 50 }).result).toMatchObject({
      exitCode: null,
      signal: 'SIGTERM',
      timedOut: true,
      aborted: false,
    });
  });
});

describe('An abort', () => {
  it('ends all processes within 7 s, even when they ignore SIGTERM or left the group', async () => {
    const abort = new AbortController();
    const run = start(STUBBORN, { signal: abort.signal });
    await run.ready;
    const group = run.groups[0] as ProcessGroup;
    const before = await membersOf(group);
    expect(before.length).toBeGreaterThanOrEqual(4);
    expect(before.some((member) => member.processGroup !== group.pgid)).toBe(true);
    const began = performance.now();
    abort.abort();
    expect(await run.result).toMatchObject({ aborted: true, signal: 'SIGKILL', survivors: [] });
    expect(performance.now() - began).toBeLessThan(7_000);
    expect(await membersOf(group)).toEqual([]);
    expect(before.map(({ pid }) => readProcess(pid)).filter((entry) => entry && entry.state !== 'Z')).toEqual([]);
  });

  it('ends a program at once that obeys SIGTERM', async () => {
    const abort = new AbortController();
    const run = start('echo ready; exec sleep 300', { signal: abort.signal });
    await run.ready;
    const began = performance.now();
    abort.abort();
    expect(await run.result).toMatchObject({ aborted: true, signal: 'SIGTERM' });
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it('sends a second SIGTERM', async () => {
    const abort = new AbortController();
    const run = start(`trap 'trap - TERM' TERM; echo ready; while :; do sleep 0.1; done`, { signal: abort.signal });
    await run.ready;
    abort.abort();
    expect(await run.result).toMatchObject({ aborted: true, signal: 'SIGTERM' });
  });

  it('before the call prevents the start of the program', async () => {
    const run = start('touch begun', { signal: AbortSignal.abort() });
    expect(await run.result).toMatchObject({ aborted: true });
    expect(run.groups).toEqual([]);
    expect(existsSync(join(scratch, 'begun'))).toBe(false);
  });
});

describe('killOrphanedGroup', () => {
  it('kills all processes at once, even those that left the group', async () => {
    const group = await leaveOrphans(STUBBORN);
    expect((await membersOf(group)).length).toBeGreaterThanOrEqual(4);
    expect(await killOrphanedGroup(group)).toEqual([]);
    expect(await membersOf(group)).toEqual([]);
  });

  it('kills processes whose leader has ended', async () => {
    const group = await leaveOrphans('sleep 300 & echo ready; wait');
    process.kill(group.pgid, 'SIGKILL');
    await gone(group.pgid);
    expect(await membersOf(group)).toHaveLength(1);
    await killOrphanedGroup(group);
    expect(await membersOf(group)).toEqual([]);
  });

  it('spares another program with the same process id', async () => {
    const other = anotherProgram();
    const real = describeGroup(other.pid as number);
    await killOrphanedGroup({ ...real, startTime: String(Number(real.startTime) - 1) });
    await killOrphanedGroup({ ...real, startTime: '1' });
    await killOrphanedGroup({ ...real, host: 'another-host' });
    await killOrphanedGroup({ ...real, bootId: 'another-boot' });
    expect(readProcess(real.pgid)?.state).toMatch(/[RS]/);
    const exited = once(other, 'exit');
    await killOrphanedGroup(real);
    await exited;
    expect(other.signalCode).toBe('SIGKILL');
  });

  it('spares another program’s group whose leader has ended', async () => {
    const leader = spawn('/bin/sh', ['-c', 'sleep 300 & echo $!; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [member] = (await once(createInterface({ input: leader.stdout }), 'line')) as [string];
    const group = describeGroup(leader.pid as number);
    leader.kill('SIGKILL');
    await once(leader, 'exit');
    await killOrphanedGroup(group);
    expect(readProcess(Number(member))?.state).toMatch(/[RS]/);
    process.kill(Number(member), 'SIGKILL');
  });
});

function anotherProgram(): ChildProcess {
  const other = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  others.push(other);
  return other;
}

/** The process group of a program whose worker was killed. */
async function leaveOrphans(script: string): Promise<ProcessGroup> {
  const worker = spawn(process.execPath, [join(import.meta.dirname, '..', 'support', 'orphaning-worker.ts'), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: worker.stdout }), 'line')) as [string];
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  return JSON.parse(line) as ProcessGroup;
}

async function gone(pid: number): Promise<void> {
  // `tail --pid` can wait for a process that is not a child.
  await promisify(execFile)('tail', [`--pid=${pid}`, '-f', '/dev/null']);
}
