import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DatabaseClock } from '../../src/store/database-clock.ts';
import { silentLogger } from '../support/logger.ts';

const THERE = Date.parse('2031-05-06T07:08:09.000Z');
let clock: DatabaseClock;
let there: () => number;
let answersAfterMs = 0;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse('2001-01-01T00:00:00Z') });
  const began = performance.now();
  there = () => THERE + performance.now() - began;
  answersAfterMs = 0;
  clock = new DatabaseClock(async () => {
    const ms = there();
    vi.advanceTimersByTime(answersAfterMs);
    return ms;
  }, silentLogger);
  await clock.start();
});
afterEach(async () => {
  await clock.stop();
  vi.useRealTimers();
});

it('tells the time of the database, whatever the clock of this process says or is set to', async () => {
  expect(clock.now().getTime()).toBe(THERE);
  vi.setSystemTime(Date.parse('2040-01-01T00:00:00Z'));
  await vi.advanceTimersByTimeAsync(61_000);
  expect(clock.now().getTime()).toBe(THERE + 61_000);
});

it('goes on while the database is away, and follows it where its clock was set', async () => {
  const before = there;
  there = () => {
    throw new Error('gone');
  };
  await vi.advanceTimersByTimeAsync(20_000);
  expect(clock.now().getTime()).toBe(THERE + 20_000);
  there = () => before() + 3_600_000;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(clock.now().getTime()).toBe(THERE + 3_625_000);
});

it('does not jitter by how long the database takes to answer', async () => {
  answersAfterMs = 800;
  await clock.read();
  expect(clock.now().getTime()).toBe(THERE + 800);
});
