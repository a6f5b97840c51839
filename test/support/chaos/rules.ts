// The rules that a run has to keep, whatever died: each answers what breaks it. test/unit/chaos-rules.test.ts breaks each.

import type { History } from './history.ts';
import type { Records } from './records.ts';
import { publishedOnce } from './rules/publishing.ts';
import { cancelsHold, lossesHaveACause, trueReasons } from './rules/reasons.ts';
import { killsShow, nobodyWaitsLong, recovers } from './rules/recovery.ts';
import { subscribersSawAll } from './rules/subscribers.ts';
import {
  attemptsFence,
  everyRequestEnds,
  gapless,
  legalWalks,
  oneComposePerKey,
  positionsRise,
} from './rules/walks.ts';

export type Rule = (history: History, records: Records) => Iterable<string>;

export const RULES: Readonly<Record<string, Rule>> = {
  'every accepted request ends': everyRequestEnds,
  'one compose per idempotency key': oneComposePerKey,
  'histories are legal walks': legalWalks,
  'seq is gapless': gapless,
  'positions rise': positionsRise,
  'attempts fence': attemptsFence,
  'cancels hold': cancelsHold,
  'failures have true reasons': trueReasons,
  'losses have a cause': lossesHaveACause,
  'kills show': killsShow,
  'recovery within 15 s': recovers,
  'nobody waits for long': nobodyWaitsLong,
  'published once, by the last attempt': publishedOnce,
  'subscribers see all, once': subscribersSawAll,
};

export function brokenRules(history: History, records: Records): readonly string[] {
  return Object.entries(RULES).flatMap(([name, rule]) => [...rule(history, records)].map((what) => `${name}: ${what}`));
}
