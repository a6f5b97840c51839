// Everything that happens to all composes that a filter lets through, from now on or from a cursor on.

import { Arg, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { ComposeFilter } from '../../app/ports.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { Api } from '../../app/api.ts';
import type { OperationContext } from '../context.ts';
import { eventPosition } from '../event-position.ts';
import { ComposeFilterInput, filterOf } from '../inputs/compose-filter.ts';
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
    description: `The same for every compose that the filter lets through, those submitted later included; with no \`after\`, from now
on and with no snapshots. \`states\` in the filter lets an event through when it leads into or out of one of them.`,
  })
  composesChanged(
    @Root() event: ComposeEventView,
    @Arg('filter', () => ComposeFilterInput, { nullable: true }) _filter: ComposeFilterInput | null | undefined,
    @Arg('after', () => EventCursor, { nullable: true }) _after: string | null | undefined,
    @Arg('progress', () => Boolean, { nullable: true, defaultValue: false }) _progress: boolean | null,
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
