// The engine's log of an attempt, as it is written. The feed tells when the attempt is over; that its file has grown
// is found by looking, a few times a second, since the worker that writes it may be on another machine.

import { setTimeout as sleep } from 'node:timers/promises';
import { Arg, ID, Int, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import { READ_ALL, type ReadPolicy } from '../../compose/read-policy.ts';
import type { FieldProblem } from '../../compose/refusal.ts';
import type { Api } from '../../app/api.ts';
import { composeNotFound } from '../../app/refusals.ts';
import type { OperationContext } from '../context.ts';
import { badInput, refusalError } from '../errors.ts';
import { isComposeId } from '../../compose/compose-id.ts';
import { abortable } from '../../live/abortable.ts';
import { LogChunk } from '../types/log-chunk.ts';

const POLL_MS = 200;

interface Args {
  readonly id: string;
  readonly attempt?: number | null;
  readonly offset?: number | null;
}

@Resolver()
export class ComposeLog {
  @Subscription(() => LogChunk, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, Args, OperationContext>) =>
      composeLog(context.api, context.viewer.mayRead, args),
    description: `The log of an attempt as it is written. The last chunk has \`end\`; then it completes. For a compose that shares a result it is the
log of the shared compose, and ends when the compose shares another one or has an attempt of its own. An unknown id is \`NOT_FOUND\`.`,
  })
  composeLog(
    @Root() chunk: LogChunk,
    @Arg('id', () => ID, { description: 'The id of the compose.' }) _id: string,
    @Arg('attempt', () => Int, {
      nullable: true,
      description:
        'The attempt, counted from 1; one that does not exist is `BAD_USER_INPUT`. Default: the latest, or the first to come.',
    })
    _attempt: number | null | undefined,
    @Arg('offset', () => Int, {
      nullable: true,
      defaultValue: 0,
      description: 'Where to begin, in bytes: 0, or `nextOffset` of the last chunk to resume.',
    })
    _offset: number | null,
  ): LogChunk {
    return chunk;
  }
}

export async function composeLog(
  api: Api,
  policy: ReadPolicy,
  { id, attempt, offset }: Args,
): Promise<AsyncIterableIterator<LogChunk>> {
  const asked = isComposeId(id) ? await api.store.find(id, policy) : null;
  if (!asked) throw refusalError(composeNotFound(id).refusal);
  const compose = (await api.store.find(generatorOf(asked), READ_ALL)) ?? asked;
  const problems: FieldProblem[] = [];
  if (attempt != null && (attempt < 1 || attempt > compose.attempt)) {
    problems.push({ path: 'attempt', message: `Must be 1 to ${compose.attempt}, the attempts that there were` });
  }
  if (offset != null && offset < 0) problems.push({ path: 'offset', message: 'Must be 0 or more' });
  if (problems.length > 0) throw badInput(...problems);
  return abortable((signal) => readAttempt(api, id, attempt ?? 0, offset ?? 0, signal));
}

/** Ends with the attempt, or when that is not the compose's any more: another one generates what it shares, or it itself. */
async function* readAttempt(
  api: Api,
  id: string,
  asked: number,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<LogChunk, void> {
  const watch = new Watch(api, signal);
  let [offset, attempt] = [from, asked];
  let of: Compose | null = null;
  while (!signal.aborted) {
    const now = await watch.compose(generatorOf(await watch.compose(id)));
    if (attempt === 0) of = null;
    of ??= now;
    attempt ||= of.attempt;
    // Looked at before the file: what was written until then is read below, and then it is the end.
    const over = of.id !== now.id || isOver(now, attempt);
    const { text, nextOffset } =
      attempt === 0 ? { text: '', nextOffset: offset } : await api.results.readLog(of, attempt, offset, over);
    if (text !== '') yield { offset, nextOffset, attempt, text, end: false };
    else if (over) return yield { offset, nextOffset: offset, attempt, text: '', end: true };
    else await watch.changeOr(POLL_MS);
    offset = nextOffset;
  }
}

/** The compose whose attempts are its own. */
function generatorOf({ id, reuses }: Compose): string {
  return reuses ?? id;
}

function isOver(compose: Compose, attempt: number): boolean {
  if (compose.attempt > attempt) return attempt > 0;
  return compose.state !== 'GENERATING' && !(compose.state === 'WAIT' && attempt === 0);
}

/** Composes as the feed knows them, and a wait for the next change of any. */
class Watch {
  readonly #api: Api;
  readonly #signal: AbortSignal;
  readonly #composes = new Map<string, Compose>();
  #changed = new AbortController();

  constructor(api: Api, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  async compose(id: string): Promise<Compose> {
    const known = this.#composes.get(id);
    if (known) return known;
    const after = await this.#api.events.head();
    const found = await this.#api.store.find(id, READ_ALL);
    if (!found) throw new Error(`compose ${id} was there and is not any more`);
    this.#composes.set(id, found);
    // Without the feed the log still flows; what it cannot learn then is that the attempt has ended.
    this.#follow(id, after).catch(() => undefined);
    return found;
  }

  async changeOr(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: AbortSignal.any([this.#signal, this.#changed.signal]) }).catch(
      () => undefined,
    );
  }

  async #follow(composeId: string, after: bigint): Promise<void> {
    for await (const { compose } of this.#api.feed.follow(
      {
        after,
        composeId,
        progress: false,
        signal: this.#signal,
      },
      READ_ALL,
    )) {
      this.#composes.set(composeId, compose);
      this.#changed.abort();
      this.#changed = new AbortController();
    }
  }
}
