// Events as clients see them, made from feed signals and stored events.

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

/** The current compose. Events behind `position` that it does not include are still to come. */
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
