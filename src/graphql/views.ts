// Events as clients see them, made of what the feed and the event log hold.

import type { FeedItem, FeedProgress, FeedSignal } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ComposeEventView } from './types/compose-event.ts';

export function signalView(signal: FeedSignal): ComposeEventView {
  return signal.type === 'event' ? eventView(signal) : progressView(signal);
}

export function eventView({ event, compose }: FeedItem): ComposeEventView {
  const { position, seq, kind, at, from, to, by, reason } = event;
  return { position, seq, kind, at, from, to, by, reason, compose };
}

/** The compose as it is now. Everything that happens after `position` is still to come, if it is not in it already. */
export function snapshotView(compose: Compose, position: bigint, at: Date): ComposeEventView {
  return {
    position,
    seq: compose.seq,
    kind: 'SNAPSHOT',
    at,
    from: null,
    to: compose.state,
    by: 'system',
    reason: null,
    compose,
  };
}

function progressView({ compose, progress, position }: FeedProgress): ComposeEventView {
  return {
    position,
    seq: compose.seq,
    kind: 'PROGRESSED',
    at: progress.updatedAt,
    from: null,
    to: null,
    by: 'system',
    reason: progress.message,
    compose: { ...compose, knownProgress: progress },
  };
}
