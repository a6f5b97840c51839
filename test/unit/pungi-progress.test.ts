// Progress from recorded notifications and logs of real Pungi.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pungiProgress } from '../../src/engines/pungi/progress.ts';

const RECORDINGS = join(import.meta.dirname, '..', 'support', 'fake-pungi', 'recordings');
const lines = (name: string) => readFileSync(join(RECORDINGS, name), 'utf8').trimEnd().split('\n');
const EVENTS = lines('notification-script.events.txt').map((line) => line.slice(line.indexOf(' ') + 1));
const LOGS = ['success', 'success-iso', 'success-2000-packages', 'sigterm-in-gather'].map((name) =>
  lines(`${name}.pungi.global.log`),
);

function watch() {
  const percents: number[] = [];
  const phases: string[] = [];
  const progress = pungiProgress((percent, phase) => {
    percents.push(percent);
    if (phases.at(-1) !== phase) phases.push(phase);
  });
  return { progress, percents, phases };
}

function isRising(percents: readonly number[]): boolean {
  return percents.every((percent, index) => percent >= (percents[index - 1] ?? 0) && percent <= 96);
}

describe('pungiProgress', () => {
  it('rises with the notifications alone', () => {
    const { progress, percents, phases } = watch();
    for (const event of EVENTS) progress.event(event);
    expect(isRising(percents)).toBe(true);
    expect(percents.at(-1)).toBe(96);
    expect(phases).toEqual(['INIT', 'PKGSET', 'GATHER', 'CREATEREPO', 'REPOCLOSURE', 'IMAGE_CHECKSUM', 'TEST']);
  });

  it('rises within a phase with the counters in the log', () => {
    const { progress, percents, phases } = watch();
    for (const line of LOGS[2] ?? []) progress.log(line);
    expect(isRising(percents)).toBe(true);
    expect(new Set(percents.filter((percent) => percent > 10 && percent < 60)).size).toBeGreaterThan(40);
    expect(phases).not.toContain('WEAVER');
  });

  it('never falls, whatever the order of log lines and notifications', () => {
    const order = fc.tuple(fc.constantFrom(...LOGS), fc.shuffledSubarray(EVENTS), fc.infiniteStream(fc.boolean()));
    fc.assert(
      fc.property(order, ([log, events, choose]) => {
        const { progress, percents } = watch();
        const queues: readonly [string[], string[]] = [[...log], [...events]];
        for (const first of choose) {
          if (queues[0].length + queues[1].length === 0) break;
          const fromLog = queues[1].length === 0 || (first && queues[0].length > 0);
          const line = (fromLog ? queues[0] : queues[1]).shift() ?? '';
          if (fromLog) progress.log(line);
          else progress.event(line);
        }
        expect(isRising(percents)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('ignores other lines', () => {
    const { progress, percents } = watch();
    for (const line of [
      '',
      'phase-start',
      'phase-start {',
      'phase-start null',
      'phase-start {"phase_name": "__proto__"}',
      'phase-start {"phase_name": 7}',
      'x {"phase_name": "test"}',
    ])
      progress.event(line);
    for (const line of ['', 'Linked 5 out of 0 packages', 'Processed 9 out of 3 packages']) progress.log(line);
    expect(percents).toEqual([]);
  });
});
