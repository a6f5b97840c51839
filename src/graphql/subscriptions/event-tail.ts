// The tail of a subscription to events, on the feed.

import type { Api } from '../../app/api.ts';
import type { ComposeFilter } from '../../app/ports.ts';
import { StreamInterrupted } from '../../app/problem.ts';
import type { Viewer } from '../../compose/viewer.ts';
import type { LiveTail } from '../../live/live-source.ts';
import type { ComposeEventView } from '../types/compose-event.ts';
import { signalView } from '../views.ts';

interface EventsWanted {
  readonly composeId?: string;
  readonly filter?: ComposeFilter;
  readonly progress: boolean;
}

export function eventTail(api: Api, viewer: Viewer, wanted: EventsWanted): LiveTail<ComposeEventView> {
  return {
    head: () => api.head(),
    async *follow(after, signal) {
      for await (const item of api.follow(viewer, { ...wanted, after, signal })) yield signalView(item);
    },
    positionOf: ({ kind, position }) => (kind === 'PROGRESSED' ? null : position),
    interrupted: () => new StreamInterrupted(),
  };
}
