// The subscription to one compose: a snapshot, or the events since a cursor, then each event as it is committed.

import { Arg, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { ComposeState } from '../../compose/vocabulary.ts';
import type { Api } from '../../app/api.ts';
import { composeNotFound } from '../../app/refusals.ts';
import type { OperationContext } from '../context.ts';
import { refusalError } from '../errors.ts';
import { eventPosition } from '../event-position.ts';
import { isComposeId } from '../../compose/compose-id.ts';
import { AFTER_EVENT } from '../page-arguments.ts';
import { LiveSource, type LiveClient, type LiveTail } from '../../live/live-source.ts';
import { readLog } from '../../live/read-log.ts';
import { ComposeEventType, type ComposeEventView } from '../types/compose-event.ts';
import { EventCursor } from '../types/scalars.ts';
import { eventView, signalView, snapshotView } from '../views.ts';

interface Args {
  readonly id: string;
  readonly after?: string | null;
  readonly untilDone?: boolean | null;
}

@Resolver()
export class ComposeChanged {
  @Subscription(() => ComposeEventType, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, Args, OperationContext>) =>
      composeChanged(context.api, context.viewer.mayRead, args),
    description: `The events of one compose as they are committed, and its progress. Without \`after\` it begins with a SNAPSHOT; with \`after\` it
continues behind that cursor: every event once, in order, none missing. Completes when the compose is REMOVED or, with \`untilDone\`, when it is
DONE, FAILED or REMOVED. An unknown id is \`NOT_FOUND\`. When the event stream breaks off, the error is \`UPSTREAM_UNAVAILABLE\`: subscribe again
with the last cursor.`,
  })
  composeChanged(
    @Root() event: ComposeEventView,
    @Arg('id', () => ID, { description: 'The id of the compose.' }) _id: string,
    @Arg('after', () => EventCursor, { nullable: true, description: AFTER_EVENT }) _after: string | null | undefined,
    @Arg('untilDone', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'Whether to complete when the compose is DONE or FAILED.',
    })
    _untilDone: boolean | null,
  ): ComposeEventView {
    return event;
  }
}

export async function composeChanged(
  api: Api,
  policy: ReadPolicy,
  { id, after, untilDone }: Args,
): Promise<LiveSource> {
  const position = await eventPosition(api, after);
  const exists = isComposeId(id) && (await api.store.find(id, policy)) !== null;
  if (!exists) throw refusalError(composeNotFound(id).refusal);
  const tail: LiveTail = {
    head: () => api.events.head(),
    async *follow(from, signal) {
      for await (const item of api.feed.follow({ after: from, composeId: id, progress: true, signal }, policy))
        yield signalView(item);
    },
  };
  return new LiveSource(new Watcher(api, policy, id, position, untilDone ?? false), tail);
}

class Watcher implements LiveClient {
  isOver = false;
  readonly #api: Api;
  readonly #policy: ReadPolicy;
  readonly #id: string;
  readonly #untilDone: boolean;
  /** Where it has got to; null until it has had its snapshot. */
  #position: bigint | null;
  #seq = 0;

  constructor(api: Api, policy: ReadPolicy, id: string, after: bigint | null, untilDone: boolean) {
    this.#api = api;
    this.#policy = policy;
    this.#id = id;
    this.#position = after;
    this.#untilDone = untilDone;
  }

  async *catchUp(joined: bigint): AsyncGenerator<ComposeEventView, void> {
    if (this.#position === null) {
      const compose = await this.#find();
      // The row may be ahead of `joined`: what it holds already is told again neither here nor to who goes on from its cursor.
      this.#seq = compose.seq;
      this.#position = await this.#positionOf(compose.seq, joined);
      this.isOver = this.#ends(compose.state);
      yield snapshotView(compose, this.#position, this.#api.clock.now());
      return;
    }
    yield* this.#missed();
    if (this.isOver) return;
    // Nothing may be left to come at all, if the end was before `after`.
    if (this.#ends((await this.#find()).state)) {
      yield* this.#missed();
      this.isOver = true;
    }
    if (this.#position < joined) this.#position = joined;
  }

  takes(event: ComposeEventView): boolean {
    if (this.isOver) return false;
    if (event.kind === 'PROGRESSED') return true;
    if (event.seq <= this.#seq || (this.#position !== null && event.position <= this.#position)) return false;
    this.#seq = event.seq;
    this.#position = event.position;
    this.isOver = this.#ends(event.compose.state);
    return true;
  }

  async *#missed(): AsyncGenerator<ComposeEventView, void> {
    for await (const item of readLog(
      this.#api.events,
      { composeId: this.#id, after: this.#position ?? 0n },
      this.#policy,
    )) {
      const event = eventView(item);
      if (this.takes(event)) yield event;
      if (this.isOver) return;
    }
  }

  async #find() {
    const compose = await this.#api.store.find(this.#id, this.#policy);
    if (!compose) throw new Error(`compose ${this.#id} was there and is not any more`);
    return compose;
  }

  /** Of its event `seq`, where that came after `joined`. */
  async #positionOf(seq: number, joined: bigint): Promise<bigint> {
    const later = await this.#api.events.read({ composeId: this.#id, after: joined, limit: seq }, this.#policy);
    return later.findLast(({ event }) => event.seq <= seq)?.event.position ?? joined;
  }

  #ends(state: ComposeState): boolean {
    return state === 'REMOVED' || (this.#untilDone && (state === 'DONE' || state === 'FAILED'));
  }
}
