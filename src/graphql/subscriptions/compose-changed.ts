// The subscription to one compose: a snapshot, or the events since a cursor, then each event as it is committed.

import { Arg, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { Api } from '../../app/api.ts';
import { composeNotFound } from '../../app/refusals.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeState } from '../../compose/vocabulary.ts';
import type { Viewer } from '../../compose/viewer.ts';
import { LiveSource, type LiveClient } from '../../live/live-source.ts';
import type { OperationContext } from '../context.ts';
import { refusalError, valueOf } from '../errors.ts';
import { AFTER_EVENT } from '../page-arguments.ts';
import { ComposeEventType, type ComposeEventView } from '../types/compose-event.ts';
import { EventCursor } from '../types/scalars.ts';
import { eventView, snapshotView } from '../views.ts';
import { eventTail } from './event-tail.ts';

interface Args {
  readonly id: string;
  readonly after?: string | null;
  readonly untilDone?: boolean | null;
}

@Resolver()
export class ComposeChanged {
  @Subscription(() => ComposeEventType, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, Args, OperationContext>) =>
      composeChanged(context, args),
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

async function composeChanged(
  { api, viewer }: Pick<OperationContext, 'api' | 'viewer'>,
  { id, after, untilDone }: Args,
): Promise<LiveSource<ComposeEventView>> {
  const position = after == null ? null : valueOf(await api.position(after));
  if (!(await api.compose(viewer, id))) throw refusalError(composeNotFound(id).refusal);
  const client = new ComposeSubscriber({ api, viewer, id, after: position, untilDone: untilDone ?? false });
  return new LiveSource(client, eventTail(api, viewer, { composeId: id, progress: true }));
}

interface SubscriberOptions {
  readonly api: Api;
  readonly viewer: Viewer;
  readonly id: string;
  readonly after: bigint | null;
  readonly untilDone: boolean;
}

class ComposeSubscriber implements LiveClient<ComposeEventView> {
  isOver = false;
  readonly #options: SubscriberOptions;
  /** All events up to here were received; null before the snapshot. */
  #position: bigint | null;
  #seq = 0;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  async *catchUp(joined: bigint): AsyncGenerator<ComposeEventView, void> {
    if (this.#position === null) {
      yield await this.#snapshot(joined);
      return;
    }
    yield* this.#missed();
    if (this.isOver) return;
    // No event follows when the compose ended before `after`.
    if (this.#ends((await this.#compose()).state)) {
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

  async #snapshot(joined: bigint): Promise<ComposeEventView> {
    const compose = await this.#compose();
    // The row may include events after `joined`. They must not be sent again, nor to a client that resumes from here.
    this.#seq = compose.seq;
    const position = await this.#positionOf(compose.seq, joined);
    this.#position = position;
    this.isOver = this.#ends(compose.state);
    return snapshotView(compose, position, this.#options.api.now());
  }

  async *#missed(): AsyncGenerator<ComposeEventView, void> {
    const { api, viewer, id } = this.#options;
    for await (const item of api.storedEvents(viewer, { composeId: id, after: this.#position ?? 0n })) {
      const event = eventView(item);
      if (this.takes(event)) yield event;
      if (this.isOver) return;
    }
  }

  async #compose(): Promise<Compose> {
    const { api, viewer, id } = this.#options;
    const compose = await api.compose(viewer, id);
    if (!compose) throw new Error(`Compose ${id} is not in the database any more`);
    return compose;
  }

  /** The position of event `seq`, or `joined` when that is later. */
  async #positionOf(seq: number, joined: bigint): Promise<bigint> {
    const { api, viewer, id } = this.#options;
    const later = await api.events(viewer, { composeId: id, after: joined, limit: seq });
    return later.findLast(({ event }) => event.seq <= seq)?.event.position ?? joined;
  }

  #ends(state: ComposeState): boolean {
    return state === 'REMOVED' || (this.#options.untilDone && (state === 'DONE' || state === 'FAILED'));
  }
}
