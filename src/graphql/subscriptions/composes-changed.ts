// The subscription to all composes that match a filter, from now or from a cursor on.

import { Arg, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { ComposeFilter } from '../../app/ports.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { Api } from '../../app/api.ts';
import type { OperationContext } from '../context.ts';
import { eventPosition } from '../event-position.ts';
import { ComposeFilterInput, filterOf } from '../inputs/compose-filter.ts';
import { AFTER_EVENT } from '../page-arguments.ts';
import { LiveSource, type LiveClient, type LiveTail } from '../../live/live-source.ts';
import { readLog } from '../../live/read-log.ts';
import { ComposeEventType, type ComposeEventView } from '../types/compose-event.ts';
import { EventCursor } from '../types/scalars.ts';
import { eventView, signalView } from '../views.ts';

interface Args {
  readonly filter?: ComposeFilterInput | null;
  readonly after?: string | null;
  readonly progress?: boolean | null;
}

@Resolver()
export class ComposesChanged {
  @Subscription(() => ComposeEventType, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, Args, OperationContext>) =>
      composesChanged(context.api, context.viewer.mayRead, args),
    description: `The events of all composes that match the filter, also of those that are created later, as they are committed. Without \`after\` it
begins now, with no snapshots; with \`after\` it continues behind that cursor: every event once, in order, none missing. It never completes by
itself. When the event stream breaks off, the error is \`UPSTREAM_UNAVAILABLE\`: subscribe again with the last cursor.`,
  })
  composesChanged(
    @Root() event: ComposeEventView,
    @Arg('filter', () => ComposeFilterInput, {
      nullable: true,
      description: 'Which composes, and for `states` which events. Default: all.',
    })
    _filter: ComposeFilterInput | null | undefined,
    @Arg('after', () => EventCursor, { nullable: true, description: AFTER_EVENT }) _after: string | null | undefined,
    @Arg('progress', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'Whether to include `PROGRESSED`, at most four a second for each compose.',
    })
    _progress: boolean | null,
  ): ComposeEventView {
    return event;
  }
}

export async function composesChanged(api: Api, policy: ReadPolicy, args: Args): Promise<LiveSource> {
  const position = await eventPosition(api, args.after);
  const filter = filterOf(args.filter);
  const progress = args.progress ?? false;
  const tail: LiveTail = {
    head: () => api.events.head(),
    async *follow(after, signal) {
      for await (const item of api.feed.follow({ after, filter, progress, signal }, policy)) yield signalView(item);
    },
  };
  return new LiveSource(new Watcher(api, policy, filter, position), tail);
}

class Watcher implements LiveClient {
  readonly isOver = false;
  readonly #api: Api;
  readonly #policy: ReadPolicy;
  readonly #filter: ComposeFilter;
  /** Where it has got to; null where it begins with whatever comes first. */
  #position: bigint | null;

  constructor(api: Api, policy: ReadPolicy, filter: ComposeFilter, after: bigint | null) {
    this.#api = api;
    this.#policy = policy;
    this.#filter = filter;
    this.#position = after;
  }

  async *catchUp(joined: bigint): AsyncGenerator<ComposeEventView, void> {
    if (this.#position !== null) {
      for await (const item of readLog(
        this.#api.events,
        { filter: this.#filter, after: this.#position },
        this.#policy,
      )) {
        const event = eventView(item);
        if (this.takes(event)) yield event;
      }
    }
    if (this.#position === null || this.#position < joined) this.#position = joined;
  }

  takes(event: ComposeEventView): boolean {
    if (event.kind === 'PROGRESSED') return true;
    if (this.#position !== null && event.position <= this.#position) return false;
    this.#position = event.position;
    return true;
  }
}
