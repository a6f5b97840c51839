// Shows that each rule of the chaos harness can fail: a small run keeps all rules, and each change to its log or records
// breaks one of them.

import { execa } from 'execa';
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeGroup } from '../../src/engines/supervisor/group-members.ts';
import { DiskWatch } from '../support/chaos/disk-watch.ts';
import {
  leftoversOnDisk,
  leftoverProcesses,
  livingProcessesOf,
  workersWithoutLease,
} from '../support/chaos/leftovers.ts';
import { Records } from '../support/chaos/records.ts';
import { brokenRules, RULES } from '../support/chaos/rules.ts';
import { sampleRun, type SampleRun } from '../support/chaos/sample-run.ts';

const SUBSCRIBER_TO_ALL = 0;
const worker = { role: 'worker', instance: 'worker-2' } as const;

const BREAKS: Readonly<Record<string, Readonly<Record<string, (run: SampleRun) => void>>>> = {
  'every accepted request ends': {
    'an accepted compose does not exist': ({ records }) => void records.requests.get('k1')?.ids.add('77'),
    'a compose never ends': ({ composes }) => void Object.assign(composes[0] ?? {}, { state: 'GENERATING' }),
    'a removal never ends': ({ composes }) => void Object.assign(composes[0] ?? {}, { removing: true }),
  },
  'one compose per idempotency key': {
    'a repeated request creates a second compose': ({ composes }) =>
      void Object.assign(composes[1] ?? {}, { key: 'k1' }),
    'a key is answered with two composes': ({ records }) => void records.requests.get('k1')?.ids.add('2'),
    'a compose has no request': ({ composes }) => void Object.assign(composes[1] ?? {}, { key: 'k99' }),
  },
  'histories follow the state machine': {
    'a change from WAIT to DONE': (run) => void Object.assign(run.event('2', 3), { from: 'WAIT', to: 'DONE' }),
    'a state is left without being entered': (run) => void Object.assign(run.event('1', 4), { from: 'GENERATING' }),
    'the row differs from its events': ({ composes }) => void Object.assign(composes[1] ?? {}, { state: 'DONE' }),
  },
  'seq is gapless': {
    'an event is missing': ({ events }) =>
      void events.splice(
        events.findIndex(({ id, seq }) => id === '1' && seq === 3),
        1,
      ),
    'an event comes after its successor': ({ events }) => void events.push(...events.splice(0, 1)),
    'a row is ahead of its events': ({ composes }) => void Object.assign(composes[0] ?? {}, { seq: 6 }),
  },
  'positions rise': {
    'two events have the same position': (run) =>
      void Object.assign(run.event('1', 2), { position: run.event('1', 1).position }),
    'an event has no position': (run) => void Object.assign(run.event('1', 2), { position: 0 }),
  },
  'attempts rise by one': {
    'a superseded attempt ends the compose': (run) => void Object.assign(run.event('1', 5), { attempt: 1 }),
    'two attempts have the same number': (run) => void Object.assign(run.event('1', 4), { attempt: 1 }),
  },
  'cancellations hold': {
    'DONE after a cancellation was requested': (run) =>
      void Object.assign(run.event('3', 4), { to: 'DONE', failure: null }),
    'reported as canceled but not canceled': ({ records }) => void records.canceled.add('1'),
    'canceled without a request': ({ records }) => records.cancelRequests.clear(),
  },
  'failures have a cause': {
    'the engine fails for a good request': ({ records }) =>
      void Object.assign(records.requests.get('k2') ?? {}, { scenario: 'quick' }),
    'an internal error': (run) => void Object.assign(run.event('2', 3), { failure: { code: 'INTERNAL', message: '' } }),
    'WORKER_LOST after two losses': (run) =>
      void Object.assign(run.event('4', 3), { stateReason: 'The worker was stopped. Waiting for another worker' }),
  },
  'losses have a cause': {
    'reclaimed from a worker without a fault': ({ records }) => void records.disturbances.splice(0),
    'reclaimed from a worker that was frozen for a moment': ({ records }) =>
      void Object.assign(records.disturbances[0] ?? {}, { from: 74_500 }),
    'a worker without a fault loses the database': (run) =>
      void Object.assign(run.event('1', 3), {
        reason: null,
        stateReason: 'The worker lost the database (loss 1 of at most 3). Waiting for another worker',
      }),
    'an attempt has no claim': ({ claims }) => void claims.splice(0),
  },
  'kills are recorded': {
    'a kill is recorded as a stop': (run) =>
      void Object.assign(run.event('1', 3), { reason: 'Its worker was stopped' }),
    'the attempt of a killed worker is DONE': ({ records }) =>
      void records.kills.push({ role: 'worker', pid: 12, at: 8_000, deadBy: 8_010 }),
  },
  'recovery within 15 s': {
    'no worker takes it for 16 s': (run) => void Object.assign(run.event('1', 4), { at: 17_000 }),
    'no worker takes it for 31 s, which a frozen worker does not excuse': (run) => {
      run.records.disturbances.push({ ...worker, fault: 'freeze', pid: 15, from: 2_000, to: 6_000 });
      Object.assign(run.event('1', 4), { at: 32_000 });
    },
    'no worker ever takes it': ({ events }) =>
      void events.splice(
        events.findIndex(({ id, seq }) => id === '1' && seq === 3),
        3,
      ),
  },
  'waits are short': {
    'a job is lost without a kill': (run) => {
      run.records.kills.splice(0);
      Object.assign(run.event('2', 2), { at: 15_001 });
    },
    'a job is lost with the worker that took it': (run) => void Object.assign(run.event('2', 2), { at: 30_001 }),
  },
  'published once, by the last attempt': {
    'by a superseded attempt': ({ records }) => void records.publications.unshift({ id: '1', attempt: 1, at: 7_200 }),
    'by another attempt after DONE': ({ records }) =>
      void records.publications.push({ id: '1', attempt: 1, at: 9_500 }),
    'twice by the same attempt': ({ records }) => void records.publications.push({ id: '1', attempt: 2, at: 9_500 }),
    'by an unknown attempt': ({ records }) => void records.publications.unshift({ id: '1', attempt: null, at: 500 }),
    'DONE but not published': ({ records }) => void records.publications.splice(0),
  },
  'subscribers see every event once': {
    'a subscriber misses an event': ({ records }) => void records.subscribers[SUBSCRIBER_TO_ALL]?.events.splice(3, 1),
    'a subscriber gets an event twice': ({ records }) =>
      void records.subscribers[SUBSCRIBER_TO_ALL]?.events.push(
        ...(records.subscribers[SUBSCRIBER_TO_ALL]?.events.slice(0, 1) ?? []),
      ),
    'a subscriber gets events in another order': ({ records }) =>
      void records.subscribers[SUBSCRIBER_TO_ALL]?.events.push(
        ...(records.subscribers[SUBSCRIBER_TO_ALL]?.events.splice(0, 1) ?? []),
      ),
    'a subscriber gets an event that is not in the log': ({ records }) =>
      void records.subscribers[1]?.events.push({ id: '1', seq: 6, cursor: '', kind: 'RENEWED', state: 'DONE' }),
    'a subscriber gets another state': ({ records }) =>
      void Object.assign(records.subscribers[1]?.events[0] ?? {}, { state: 'DONE' }),
  },
};

describe('The rules of the chaos harness', () => {
  it('are all kept by a run without violations', () => {
    const run = sampleRun();
    expect(brokenRules(run.history(), run.records)).toEqual([]);
  });

  it('all have a run that breaks them', () => {
    expect(Object.keys(BREAKS).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  it.each(
    Object.entries(BREAKS).flatMap(([rule, all]) =>
      Object.entries(all).map(([what, breakIt]) => ({ rule, what, breakIt })),
    ),
  )('include «$rule», which is broken if $what', ({ rule, breakIt }) => {
    const run = sampleRun();
    breakIt(run);
    expect([...(RULES[rule]?.(run.history(), run.records) ?? [])]).not.toEqual([]);
  });

  it('excuse a recovery of 16 s by a frozen worker, or by a kill of the worker that took it', () => {
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
    await expect.poll(() => disk.hasSeen(path)).toBe(true);
    return path;
  };
  try {
    await rename(await attempt('1', 2), join(targetDir, 'odcs-1'));
    await expect.poll(() => records.publications.length).toBe(1);
    await change({ targetDir, attempt });
    return {
      left: [
        ...leftoversOnDisk({ targetDir, publishedAttempt: (id) => disk.publishedAttempt(id) }, sampleRun().history()),
      ],
      published: records.publications,
    };
  } finally {
    disk.close();
    await rm(targetDir, { recursive: true });
  }
}

const LEFT: readonly { readonly what: string; readonly change: Parameters<typeof onDisk>[0]; readonly text: string }[] =
  [
    {
      what: 'the directory of a compose that failed',
      change: async ({ targetDir, attempt }) => rename(await attempt('2', 1), join(targetDir, 'odcs-2')),
      text: 'odcs-2 exists',
    },
    {
      what: 'an unknown file',
      change: async ({ targetDir }) => writeFile(join(targetDir, '.probe-1'), ''),
      text: '.probe-1 exists',
    },
    {
      what: 'a directory of an attempt',
      change: async ({ targetDir }) => mkdir(join(targetDir, '.attempts', '1.1.scratch')),
      text: '.attempts/1.1.scratch is leftover',
    },
    {
      what: 'trash',
      change: async ({ targetDir }) => mkdir(join(targetDir, '.trash', 'x')),
      text: '.trash/x is leftover',
    },
    {
      what: 'the log of an unknown compose',
      change: async ({ targetDir }) => mkdir(join(targetDir, '.logs', '99')),
      text: '.logs/99 is leftover',
    },
    {
      what: 'a DONE compose without its directory',
      change: async ({ targetDir }) => rm(join(targetDir, 'odcs-1'), { recursive: true }),
      text: 'odcs-1 is missing, compose 1 is DONE',
    },
    {
      what: 'a DONE compose without its repository',
      change: async ({ targetDir }) => rm(join(targetDir, 'odcs-1', 'compose'), { recursive: true }),
      text: 'odcs-1 has no repository',
    },
    {
      what: 'the files of an earlier attempt',
      change: async ({ targetDir, attempt }) => {
        const earlier = await attempt('1', 1);
        await rm(join(targetDir, 'odcs-1'), { recursive: true });
        await rename(earlier, join(targetDir, 'odcs-1'));
      },
      text: 'odcs-1 is the directory of attempt 1, DONE is attempt 2',
    },
    {
      what: 'files that Pungi wrote in the directory of an earlier attempt',
      change: async ({ targetDir }) => {
        await mkdir(join(targetDir, 'odcs-1/logs/global'), { recursive: true });
        await writeFile(join(targetDir, 'odcs-1/logs/global/pungi.global.log'), '/somewhere/.attempts/1.1/compose\n');
      },
      text: 'odcs-1 was generated by attempt 1, DONE is attempt 2',
    },
  ];

describe('Leftovers on disk', () => {
  it('are none if each DONE compose has the directory of its last attempt', async () => {
    const { left, published } = await onDisk(async () => {});
    expect(left).toEqual([]);
    expect(published).toMatchObject([{ id: '1', attempt: 2 }]);
  });

  it.each(LEFT)('include $what', async ({ change, text }) => {
    expect((await onDisk(change)).left).toContainEqual(expect.stringContaining(text));
  });
});

describe('workersWithoutLease', () => {
  it('finds a worker that runs without a lease', async () => {
    const query = async <Row extends object>() => [{ pid: 1 }] as unknown as readonly Row[];
    expect(await workersWithoutLease(query, [1, 2])).toEqual(['process 2 has no lease']);
  });
});

describe('leftoverProcesses', () => {
  it('finds a leftover process by its environment, its working directory and its group', async () => {
    const directory = await realpath(await mkdtemp(join(tmpdir(), 'odcs-chaos-rules-')));
    const quiet = { detached: true, extendEnv: false, reject: false, stdio: 'ignore' } as const;
    const sleeping = [
      execa('/bin/sleep', ['60'], { ...quiet, cwd: '/', env: { TMPDIR: join(directory, 'scratch') } }),
      execa('/bin/sleep', ['60'], { ...quiet, cwd: directory, env: {} }),
    ];
    try {
      const pids = sleeping.map(({ pid = 0 }) => pid);
      await expect
        .poll(async () => new Set((await leftoverProcesses(directory)).map((line) => Number.parseInt(line, 10))))
        .toEqual(new Set(pids));
      const { pgid, startTime } = describeGroup(pids[0] ?? 0);
      expect(await livingProcessesOf([{ id: '1', attempt: 1, pgid, startTime }])).toHaveLength(1);
      expect(
        await livingProcessesOf([{ id: '1', attempt: 1, pgid, startTime: String(Number(startTime) + 1) }]),
      ).toEqual([]);
    } finally {
      for (const process of sleeping) process.kill('SIGKILL');
      await Promise.all(sleeping);
      await rm(directory, { recursive: true });
    }
  });
});
