// Each rule of the chaos harness is shown to be able to fail: a small run keeps them all, and each change to its log, to
// what was done or to what was seen breaks the one that is meant.

import { execa } from 'execa';
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeGroup } from '../../src/engines/supervisor/group-members.ts';
import { DiskWatch } from '../support/chaos/disk-watch.ts';
import { leftOnDisk, leftProcesses, livingOf, withoutLease } from '../support/chaos/remains.ts';
import { Records } from '../support/chaos/records.ts';
import { brokenRules, RULES } from '../support/chaos/rules.ts';
import { sampleRun, type SampleRun } from '../support/chaos/sample-run.ts';

const FIRST_OF_ALL = 0;
const worker = { role: 'worker', place: 'worker-2' } as const;

const BREAKS: Readonly<Record<string, Readonly<Record<string, (run: SampleRun) => void>>>> = {
  'every accepted request ends': {
    'a compose that a client was told of is gone': ({ records }) => void records.asked.get('k1')?.ids.add('77'),
    'a compose is on its way for ever': ({ composes }) =>
      void Object.assign(composes[0] ?? {}, { state: 'GENERATING' }),
    'a removal is never finished': ({ composes }) => void Object.assign(composes[0] ?? {}, { removing: true }),
  },
  'one compose per idempotency key': {
    'a request that was sent twice makes two': ({ composes }) => void Object.assign(composes[1] ?? {}, { key: 'k1' }),
    'a key is answered with two': ({ records }) => void records.asked.get('k1')?.ids.add('2'),
    'a compose that nobody asked for': ({ composes }) => void Object.assign(composes[1] ?? {}, { key: 'k99' }),
  },
  'histories are legal walks': {
    'from WAIT to DONE': (run) => void Object.assign(run.event('2', 3), { from: 'WAIT', to: 'DONE' }),
    'a state that is left without having been entered': (run) =>
      void Object.assign(run.event('1', 4), { from: 'GENERATING' }),
    'a row that says something else than its events': ({ composes }) =>
      void Object.assign(composes[1] ?? {}, { state: 'DONE' }),
  },
  'seq is gapless': {
    'an event is lost': ({ events }) =>
      void events.splice(
        events.findIndex(({ id, seq }) => id === '1' && seq === 3),
        1,
      ),
    'an event is behind its successor': ({ events }) => void events.push(...events.splice(0, 1)),
    'a row is ahead of its events': ({ composes }) => void Object.assign(composes[0] ?? {}, { seq: 6 }),
  },
  'positions rise': {
    'a position is given twice': (run) =>
      void Object.assign(run.event('1', 2), { position: run.event('1', 1).position }),
    'a position was never given': (run) => void Object.assign(run.event('1', 2), { position: 0 }),
  },
  'attempts fence': {
    'an attempt that was superseded ends its compose': (run) => void Object.assign(run.event('1', 5), { attempt: 1 }),
    'a number is given twice': (run) => void Object.assign(run.event('1', 4), { attempt: 1 }),
  },
  'cancels hold': {
    'DONE after the request to cancel': (run) => void Object.assign(run.event('3', 4), { to: 'DONE', failure: null }),
    'said to be canceled, and is not': ({ records }) => void records.canceled.add('1'),
    'canceled, and nobody asked': ({ records }) => records.cancelsAsked.clear(),
  },
  'failures have true reasons': {
    'a good request fails by its engine': ({ records }) =>
      void Object.assign(records.asked.get('k2') ?? {}, { scenario: 'quick' }),
    'an error of the service': (run) =>
      void Object.assign(run.event('2', 3), { failure: { code: 'INTERNAL', message: '' } }),
    'WORKER_LOST after two losses': (run) =>
      void Object.assign(run.event('4', 3), { stateReason: 'The worker was stopped. Waiting for another worker' }),
  },
  'losses have a cause': {
    'taken from a worker that was well': ({ records }) => void records.disturbances.splice(0),
    'taken from a worker that was frozen for a moment': ({ records }) =>
      void Object.assign(records.disturbances[0] ?? {}, { from: 74_500 }),
    'the database is lost to a worker that has it': (run) =>
      void Object.assign(run.event('1', 3), {
        reason: null,
        stateReason: 'The worker lost the database (loss 1 of at most 3). Waiting for another worker',
      }),
    'begun by nobody': ({ claims }) => void claims.splice(0),
  },
  'kills show': {
    'a kill costs nothing': (run) => void Object.assign(run.event('1', 3), { reason: 'Its worker was stopped' }),
    'the attempt of a dead worker is DONE': ({ records }) =>
      void records.kills.push({ role: 'worker', pid: 12, at: 8_000, deadBy: 8_010 }),
  },
  'recovery within 15 s': {
    'nobody takes it for 16 s': (run) => void Object.assign(run.event('1', 4), { at: 17_000 }),
    'nobody takes it for 31 s, and a frozen worker is an excuse no longer': (run) => {
      run.records.disturbances.push({ ...worker, fault: 'freeze', pid: 15, from: 2_000, to: 6_000 });
      Object.assign(run.event('1', 4), { at: 32_000 });
    },
    'nobody ever takes it': ({ events }) =>
      void events.splice(
        events.findIndex(({ id, seq }) => id === '1' && seq === 3),
        3,
      ),
  },
  'nobody waits for long': {
    'a job is lost, though nobody died': (run) => {
      run.records.kills.splice(0);
      Object.assign(run.event('2', 2), { at: 15_001 });
    },
    'a job is lost with whoever took it': (run) => void Object.assign(run.event('2', 2), { at: 30_001 }),
  },
  'published once, by the last attempt': {
    'by an attempt that another had superseded': ({ records }) =>
      void records.publications.unshift({ id: '1', attempt: 1, at: 7_200 }),
    'by another attempt once it was DONE': ({ records }) =>
      void records.publications.push({ id: '1', attempt: 1, at: 9_500 }),
    'twice by the same attempt': ({ records }) => void records.publications.push({ id: '1', attempt: 2, at: 9_500 }),
    'by an attempt that nobody knows': ({ records }) =>
      void records.publications.unshift({ id: '1', attempt: null, at: 500 }),
    'DONE, and not published': ({ records }) => void records.publications.splice(0),
  },
  'subscribers see all, once': {
    'one misses an event': ({ records }) => void records.subscribers[FIRST_OF_ALL]?.seen.splice(3, 1),
    'one is told an event twice': ({ records }) =>
      void records.subscribers[FIRST_OF_ALL]?.seen.push(...(records.subscribers[FIRST_OF_ALL]?.seen.slice(0, 1) ?? [])),
    'one is told in another order': ({ records }) =>
      void records.subscribers[FIRST_OF_ALL]?.seen.push(
        ...(records.subscribers[FIRST_OF_ALL]?.seen.splice(0, 1) ?? []),
      ),
    'one is told of what never was': ({ records }) =>
      void records.subscribers[1]?.seen.push({ id: '1', seq: 6, cursor: '', kind: 'RENEWED', state: 'DONE' }),
    'one is told of another state': ({ records }) =>
      void Object.assign(records.subscribers[1]?.seen[0] ?? {}, { state: 'DONE' }),
  },
};

it('a run in which all went well keeps every rule', () => {
  const run = sampleRun();
  expect(brokenRules(run.history(), run.records)).toEqual([]);
});

it('no rule is without a proof that it can fail', () => {
  expect(Object.keys(BREAKS).toSorted()).toEqual(Object.keys(RULES).toSorted());
});

it.each(
  Object.entries(BREAKS).flatMap(([rule, all]) =>
    Object.entries(all).map(([what, breakIt]) => ({ rule, what, breakIt })),
  ),
)('«$rule» is broken where: $what', ({ rule, breakIt }) => {
  const run = sampleRun();
  breakIt(run);
  expect([...(RULES[rule]?.(run.history(), run.records) ?? [])]).not.toEqual([]);
});

it('a recovery of 16 s is excused by a frozen worker, and by the death of whoever took it', () => {
  for (const excuse of [
    ({ disturbances }: Records) => disturbances.push({ ...worker, fault: 'freeze', pid: 15, from: 2_000, to: 6_000 }),
    ({ kills }: Records) => kills.push({ role: 'worker', pid: 16, at: 7_050, deadBy: 7_060 }),
  ]) {
    const run = sampleRun();
    Object.assign(run.event('1', 4), { at: 17_000 });
    excuse(run.records);
    expect([...(RULES['recovery within 15 s']?.(run.history(), run.records) ?? [])]).toEqual([]);
  }
});

async function onDisk(
  change: (place: { targetDir: string; attempt(id: string, number: number): Promise<string> }) => Promise<void>,
): Promise<{ readonly left: readonly string[]; readonly published: Records['publications'] }> {
  const targetDir = await realpath(await mkdtemp(join(tmpdir(), 'odcs-chaos-rules-')));
  for (const name of ['.attempts', '.trash', '.logs']) await mkdir(join(targetDir, name));
  const records = new Records();
  const disk = new DiskWatch(targetDir, records);
  const attempt = async (id: string, number: number) => {
    const path = join(targetDir, '.attempts', `${id}.${number}`);
    await mkdir(join(path, 'compose/Temporary/x86_64/os/repodata'), { recursive: true });
    await writeFile(join(path, 'compose/Temporary/x86_64/os/repodata/repomd.xml'), '');
    await expect.poll(() => disk.knows(path)).toBe(true);
    return path;
  };
  try {
    await rename(await attempt('1', 2), join(targetDir, 'odcs-1'));
    await expect.poll(() => records.publications.length).toBe(1);
    await change({ targetDir, attempt });
    return {
      left: [...leftOnDisk({ targetDir, madeBy: (id) => disk.madeBy(id) }, sampleRun().history())],
      published: records.publications,
    };
  } finally {
    disk.close();
    await rm(targetDir, { recursive: true });
  }
}

it('nothing is said of a disk on which each DONE compose has the directory of its last attempt', async () => {
  const { left, published } = await onDisk(async () => {});
  expect(left).toEqual([]);
  expect(published).toMatchObject([{ id: '1', attempt: 2 }]);
});

const LEFT: readonly { readonly what: string; readonly change: Parameters<typeof onDisk>[0]; readonly said: string }[] =
  [
    {
      what: 'the directory of a compose that failed',
      change: async ({ targetDir, attempt }) => rename(await attempt('2', 1), join(targetDir, 'odcs-2')),
      said: 'odcs-2 is there',
    },
    {
      what: 'something that is nobody’s',
      change: async ({ targetDir }) => writeFile(join(targetDir, '.probe-1'), ''),
      said: '.probe-1 is there',
    },
    {
      what: 'what an attempt left',
      change: async ({ targetDir }) => mkdir(join(targetDir, '.attempts', '1.1.scratch')),
      said: '.attempts/1.1.scratch is left',
    },
    { what: 'trash', change: async ({ targetDir }) => mkdir(join(targetDir, '.trash', 'x')), said: '.trash/x is left' },
    {
      what: 'the log of a compose that nobody knows',
      change: async ({ targetDir }) => mkdir(join(targetDir, '.logs', '99')),
      said: '.logs/99 is left',
    },
    {
      what: 'a DONE compose without its directory',
      change: async ({ targetDir }) => rm(join(targetDir, 'odcs-1'), { recursive: true }),
      said: 'odcs-1 is not there, compose 1 is DONE',
    },
    {
      what: 'a DONE compose without its repository',
      change: async ({ targetDir }) => rm(join(targetDir, 'odcs-1', 'compose'), { recursive: true }),
      said: 'odcs-1 has no repository',
    },
    {
      what: 'the files of an earlier attempt',
      change: async ({ targetDir, attempt }) => {
        const earlier = await attempt('1', 1);
        await rm(join(targetDir, 'odcs-1'), { recursive: true });
        await rename(earlier, join(targetDir, 'odcs-1'));
      },
      said: 'odcs-1 is the directory of attempt 1, DONE says 2',
    },
    {
      what: 'files that Pungi made in the directory of an earlier attempt',
      change: async ({ targetDir }) => {
        await mkdir(join(targetDir, 'odcs-1/logs/global'), { recursive: true });
        await writeFile(join(targetDir, 'odcs-1/logs/global/pungi.global.log'), '/somewhere/.attempts/1.1/compose\n');
      },
      said: 'odcs-1 was made by attempt 1, DONE says 2',
    },
  ];

it.each(LEFT)('seen on disk: $what', async ({ change, said }) => {
  expect((await onDisk(change)).left).toContainEqual(expect.stringContaining(said));
});

it('a worker that is up and keeps no lease is told', async () => {
  const query = async <Row extends object>() => [{ pid: 1 }] as unknown as readonly Row[];
  expect(await withoutLease(query, [1, 2])).toEqual(['process 2 keeps no lease']);
});

it('a process that is left is found by its environment, its working directory, and its group', async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'odcs-chaos-rules-')));
  const quiet = { detached: true, extendEnv: false, reject: false, stdio: 'ignore' } as const;
  const sleeping = [
    execa('/bin/sleep', ['60'], { ...quiet, cwd: '/', env: { TMPDIR: join(directory, 'scratch') } }),
    execa('/bin/sleep', ['60'], { ...quiet, cwd: directory, env: {} }),
  ];
  try {
    const pids = sleeping.map(({ pid = 0 }) => pid);
    await expect
      .poll(async () => new Set((await leftProcesses(directory)).map((line) => Number.parseInt(line, 10))))
      .toEqual(new Set(pids));
    const { pgid, startTime } = describeGroup(pids[0] ?? 0);
    expect(await livingOf([{ id: '1', attempt: 1, pgid, startTime }])).toHaveLength(1);
    expect(await livingOf([{ id: '1', attempt: 1, pgid, startTime: String(Number(startTime) + 1) }])).toEqual([]);
  } finally {
    for (const process of sleeping) process.kill('SIGKILL');
    await Promise.all(sleeping);
    await rm(directory, { recursive: true });
  }
});
