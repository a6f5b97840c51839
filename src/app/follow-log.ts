// The log of an attempt as it is written. The feed reports the end of the attempt. Growth of the file is found by
// polling, because the worker that writes it may run on another machine.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Compose } from '../compose/compose.ts';
import { READ_ALL } from '../compose/read-policy.ts';
import { badInput, granted, type FieldProblem, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';

import type { ComposeStore, EventLog, Feed, Results } from './ports.ts';
import { StreamInterrupted } from './problem.ts';
import { composeNotFound } from './refusals.ts';

export interface FollowLogDeps {
  readonly store: Pick<ComposeStore, 'find'>;
  readonly events: Pick<EventLog, 'head'>;
  readonly feed: Pick<Feed, 'follow'>;
  readonly results: Pick<Results, 'readLog'>;
}

export interface LogRequest {
  readonly id: string;
  /** Null: the latest, or the first one to come. */
  readonly attempt: number | null;
  /** In bytes. */
  readonly offset: number;
}

export interface LogChunk {
  readonly offset: number;
  readonly nextOffset: number;
  readonly attempt: number;
  readonly text: string;
  /** True in the last chunk, which has no text. */
  readonly end: boolean;
}

export type LogStream = (signal: AbortSignal) => AsyncGenerator<LogChunk, void>;

const POLL_MS = 200;

/** A compose that shares a result has the log of the compose that generates it. */
export async function followLog(
  deps: FollowLogDeps,
  { mayRead }: Viewer,
  request: LogRequest,
): Promise<Outcome<LogStream>> {
  const asked = await deps.store.find(request.id, mayRead);
  if (!asked) return composeNotFound(request.id);
  const generated = (await deps.store.find(generatorOf(asked), READ_ALL)) ?? asked;
  const problems = problemsOf(request, generated);
  if (problems.length > 0) return badInput(...problems);
  return granted((signal) => readAttempt(deps, request, signal));
}

function problemsOf({ attempt, offset }: LogRequest, compose: Compose): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (attempt !== null && (attempt < 1 || attempt > compose.attempt)) {
    const exist = compose.attempt === 0 ? 'there was no attempt yet' : `there were attempts 1 to ${compose.attempt}`;
    problems.push({ path: 'attempt', message: `must be an attempt that exists; ${exist}` });
  }
  if (offset < 0) problems.push({ path: 'offset', message: 'must be 0 or more' });
  return problems;
}

/** Ends with the attempt, or when the compose shares another result or gets an attempt of its own. */
async function* readAttempt(
  deps: FollowLogDeps,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogChunk, void> {
  const watch = new ComposeWatch(deps, signal);
  let { offset } = request;
  let attempt = request.attempt ?? 0;
  let source: Compose | null = null;
  while (!signal.aborted) {
    const now = await watch.current(generatorOf(await watch.current(request.id)));
    if (attempt === 0) source = null;
    source ??= now;
    attempt ||= source.attempt;
    // Decided before the file is read: the read below then includes everything that was written.
    const over = source.id !== now.id || isOver(now, attempt);
    const { text, nextOffset } =
      attempt === 0 ? { text: '', nextOffset: offset } : await deps.results.readLog(source, attempt, offset, over);
    if (text !== '') yield { offset, nextOffset, attempt, text, end: false };
    else if (over) return yield { offset, nextOffset: offset, attempt, text: '', end: true };
    else await watch.changeWithin(POLL_MS);
    offset = nextOffset;
  }
}

/** The compose whose attempts generate the result. */
function generatorOf({ id, reuses }: Compose): string {
  return reuses ?? id;
}

function isOver(compose: Compose, attempt: number): boolean {
  if (compose.attempt > attempt) return attempt > 0;
  return compose.state !== 'GENERATING' && !(compose.state === 'WAIT' && attempt === 0);
}

/** Composes, kept current by the feed. Without the feed the end of the attempt would be missed, so its end is an error. */
class ComposeWatch {
  readonly #deps: FollowLogDeps;
  readonly #signal: AbortSignal;
  readonly #composes = new Map<string, Compose>();
  #changed = new AbortController();
  #interrupted: StreamInterrupted | null = null;

  constructor(deps: FollowLogDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  async current(id: string): Promise<Compose> {
    if (this.#interrupted) throw this.#interrupted;
    const known = this.#composes.get(id);
    if (known) return known;
    const after = await this.#deps.events.head();
    const found = await this.#deps.store.find(id, READ_ALL);
    if (!found) throw new Error(`Compose ${id} is not in the database any more`);
    this.#composes.set(id, found);
    void this.#follow(id, after);
    return found;
  }

  /** Waits for a change of any of the composes, `ms` at most. */
  async changeWithin(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#changed.signal]);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }

  async #follow(composeId: string, after: bigint): Promise<void> {
    const { feed } = this.#deps;
    const signal = this.#signal;
    let cause: unknown;
    try {
      for await (const { compose } of feed.follow({ after, composeId, progress: false, signal }, READ_ALL)) {
        this.#composes.set(composeId, compose);
        this.#wake();
      }
    } catch (error) {
      cause = error;
    }
    if (signal.aborted) return;
    this.#interrupted = new StreamInterrupted({ cause });
    this.#wake();
  }

  #wake(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}
