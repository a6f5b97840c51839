// Turns Pungi's notifications and log lines into progress: the phase from both, the progress within a phase from the counters
// in the log. The percentage never falls. It ends below 100, because validating and publishing follow.

import { percentOf } from '../shared/phase-progress.ts';

interface PungiProgress {
  /** A line of the events file: `phase-start {"phase_name": "pkgset", …}`. */
  event(line: string): void;
  /** A line of the log. */
  log(line: string): void;
}

type Report = (percent: number, phase: string, message?: string) => void;

/** Percentage at which a phase begins. It ends where the next phase begins. */
const PHASES = {
  INIT: 1,
  PKGSET: 10,
  GATHER: 60,
  CREATEREPO: 82,
  CREATEISO: 90,
  REPOCLOSURE: 92,
  IMAGE_CHECKSUM: 94,
  TEST: 95,
} as const;
type Phase = keyof typeof PHASES;
const FINISHED_PERCENT = 96;

/** Steps of a phase with a counter (`n out of m`): the log line that begins the step, and its span in percent. */
const STEPS: readonly { readonly phase: Phase; readonly begins: RegExp; readonly from: number; readonly to: number }[] =
  [
    { phase: 'PKGSET', begins: /\[BEGIN\] Linking downloaded pkgset packages/, from: 20, to: 28 },
    { phase: 'PKGSET', begins: /Package set: spawning .*\(SRPMs\)/, from: 28, to: 34 },
    { phase: 'PKGSET', begins: /Package set: spawning .*\(RPMs\)/, from: 34, to: 48 },
    { phase: 'PKGSET', begins: /\[BEGIN\] Running createrepo for the global package set/, from: 48, to: 60 },
    { phase: 'GATHER', begins: /\[BEGIN\] Linking packages/, from: 74, to: 80 },
  ];

// The phase WEAVER is not in PHASES: it contains other phases.
const PHASE_LINE = /\[BEGIN\] -+ PHASE: (\w+) -/;
const COUNTER = /\b(Linked|Processed) (\d+) out of (\d+) packages/;

export function pungiProgress(report: Report): PungiProgress {
  let percent = 0;
  let phase: Phase = 'INIT';
  let hasBegun = false;
  let step: { readonly from: number; readonly to: number } | null = null;

  function reach(candidate: number, message?: string): void {
    percent = Math.max(percent, candidate);
    report(percent, phase, message);
  }
  function begin(next: Phase): void {
    // Some phases run in parallel. The later one of PHASES counts.
    if (hasBegun && PHASES[next] <= PHASES[phase]) return;
    hasBegun = true;
    phase = next;
    step = null;
    reach(PHASES[next]);
  }
  return {
    event: (line) => {
      const [event, content] = parseEvent(line);
      if (event === 'status-change' && content['status'] === 'FINISHED') reach(FINISHED_PERCENT);
      const next = event === 'phase-start' ? toPhase(content['phase_name']) : null;
      if (next) begin(next);
    },
    log: (line) => {
      const next = toPhase(PHASE_LINE.exec(line)?.[1]);
      if (next) begin(next);
      const beginning = STEPS.find((candidate) => candidate.phase === phase && candidate.begins.test(line));
      if (beginning) {
        step = beginning;
        reach(beginning.from);
      }
      const [, verb, done, all] = COUNTER.exec(line) ?? [];
      if (verb && step)
        reach(percentOf(Number(done), Number(all), step.from, step.to), `${verb} ${done} of ${all} packages`);
    },
  };
}

function toPhase(name: unknown): Phase | null {
  const upper = typeof name === 'string' ? name.toUpperCase() : '';
  return Object.hasOwn(PHASES, upper) ? (upper as Phase) : null;
}

function parseEvent(line: string): readonly [string, Readonly<Record<string, unknown>>] {
  const blank = line.indexOf(' ');
  try {
    const content: unknown = JSON.parse(line.slice(blank + 1));
    if (typeof content === 'object' && content !== null)
      return [line.slice(0, blank), content as Record<string, unknown>];
  } catch {
    // Not a notification.
  }
  return ['', {}];
}
