// The rules that every run must keep. Each yields its violations; test/unit/chaos-rules.test.ts shows that each can fail.

import type { History } from './history.ts';
import type { Records } from './records.ts';
import { publishedOnce } from './rules/publishing.ts';
import { cancellationsHold, lossesHaveACause, failuresHaveACause } from './rules/reasons.ts';
import { killsAreRecorded, waitsAreShort, recoversInTime } from './rules/recovery.ts';
import { subscribersSawEveryEventOnce } from './rules/subscribers.ts';
import {
  attemptsRiseByOne,
  everyRequestEnds,
  gapless,
  historiesFollowTheMachine,
  oneComposePerKey,
  positionsRise,
} from './rules/walks.ts';

export type Rule = (history: History, records: Records) => Iterable<string>;

export const RULES: Readonly<Record<string, Rule>> = {
  'every accepted request ends': everyRequestEnds,
  'one compose per idempotency key': oneComposePerKey,
  'histories follow the state machine': historiesFollowTheMachine,
  'seq is gapless': gapless,
  'positions rise': positionsRise,
  'attempts rise by one': attemptsRiseByOne,
  'cancellations hold': cancellationsHold,
  'failures have a cause': failuresHaveACause,
  'losses have a cause': lossesHaveACause,
  'kills are recorded': killsAreRecorded,
  'recovery within 15 s': recoversInTime,
  'waits are short': waitsAreShort,
  'published once, by the last attempt': publishedOnce,
  'subscribers see every event once': subscribersSawEveryEventOnce,
};

export function brokenRules(history: History, records: Records): readonly string[] {
  return Object.entries(RULES).flatMap(([name, rule]) => [...rule(history, records)].map((what) => `${name}: ${what}`));
}
