// The subscription to all composes that match a filter, from now or from a cursor on.

import { Arg, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { Api } from '../../app/api.ts';
import type { ComposeFilter } from '../../app/ports.ts';
import type { Viewer } from '../../compose/viewer.ts';
import { LiveSource, type LiveClient } from '../../live/live-source.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { ComposeFilterInput, filterOf } from '../inputs/compose-filter.ts';
import { AFTER_EVENT } from '../page-arguments.ts';
import { ComposeEventType, type ComposeEventView } from '../types/compose-event.ts';
import { EventCursor } from '../types/scalars.ts';
import { eventView } from '../views.ts';
import { eventTail } from './event-tail.ts';

interface Args {
  readonly filter?: ComposeFilterInput | null;
  readonly after?: string | null;
  readonly progress?: boolean | null;
}

@Resolver()
export class ComposesChanged {
  @Subscription(() => ComposeEventType, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, Args, OperationContext>) =>
      composesChanged(context, args),
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

async function composesChanged(
  { api, viewer }: Pick<OperationContext, 'api' | 'viewer'>,
  { filter: input, after, progress }: Args,
): Promise<LiveSource<ComposeEventView>> {
  const position = after == null ? null : valueOf(await api.position(after));
  const filter = filterOf(input);
  const client = new ComposesSubscriber({ api, viewer, filter, after: position });
  return new LiveSource(client, eventTail(api, viewer, { filter, progress: progress ?? false }));
}

interface SubscriberOptions {
  readonly api: Api;
  readonly viewer: Viewer;
  readonly filter: ComposeFilter;
  readonly after: bigint | null;
}

class ComposesSubscriber implements LiveClient<ComposeEventView> {
  readonly isOver = false;
  readonly #options: SubscriberOptions;
  /** All events up to here were received; null when it begins with the next event. */
  #position: bigint | null;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  async *catchUp(joined: bigint): AsyncGenerator<ComposeEventView, void> {
    const { api, viewer, filter } = this.#options;
    if (this.#position !== null) {
      for await (const item of api.storedEvents(viewer, { filter, after: this.#position })) {
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
