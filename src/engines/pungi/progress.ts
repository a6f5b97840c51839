// Percent and phase from what Pungi tells its notification script and from its log, whichever is first, and within a phase
// from the counters in the log. Never falls. Pungi's share ends below 100: looking at what it made and publishing it come after.

export interface PungiProgress {
  /** A line of the events file: `phase-start {"phase_name": "pkgset", …}`. */
  event(line: string): void;
  /** A line of the log. */
  log(line: string): void;
}

export type Report = (percent: number, phase: string, message?: string) => void;

/** Where a phase begins, in percent of the engine's work; it ends where the next begins. */
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

/** Steps of a phase that count, by the line that begins them: the span of percent that `n out of m` covers. */
const STEPS: readonly { readonly phase: Phase; readonly begins: RegExp; readonly from: number; readonly to: number }[] =
  [
    { phase: 'PKGSET', begins: /\[BEGIN\] Linking downloaded pkgset packages/, from: 20, to: 28 },
    { phase: 'PKGSET', begins: /Package set: spawning .*\(SRPMs\)/, from: 28, to: 34 },
    { phase: 'PKGSET', begins: /Package set: spawning .*\(RPMs\)/, from: 34, to: 48 },
    { phase: 'PKGSET', begins: /\[BEGIN\] Running createrepo for the global package set/, from: 48, to: 60 },
    { phase: 'GATHER', begins: /\[BEGIN\] Linking packages/, from: 74, to: 80 },
  ];

// WEAVER, which nests around the others, is none of PHASES.
const PHASE_LINE = /\[BEGIN\] -+ PHASE: (\w+) -/;
const COUNTER = /\b(Linked|Processed) (\d+) out of (\d+) packages/;

export function pungiProgress(report: Report): PungiProgress {
  let percent = 0;
  let phase: Phase = 'INIT';
  let isBegun = false;
  let step: { readonly from: number; readonly to: number } | null = null;

  function reach(candidate: number, message?: string): void {
    percent = Math.max(percent, candidate);
    report(percent, phase, message);
  }
  function begin(next: Phase): void {
    // Phases run side by side in places: one that began later is not left for an earlier one.
    if (isBegun && PHASES[next] <= PHASES[phase]) return;
    isBegun = true;
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
        reach(
          step.from + (step.to - step.from) * fraction(Number(done), Number(all)),
          `${verb} ${done} of ${all} packages`,
        );
    },
  };
}

function fraction(done: number, all: number): number {
  return all > 0 ? Math.min(1, done / all) : 0;
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
    // Whatever else writes to that file tells nothing.
  }
  return ['', {}];
}
