// When a compose will be done: from the times that composes like it took and, while it waits, from its place in the
// queue and from how many its pool's workers generate at a time. What was read is remembered for a moment.

import type { Compose } from '../compose/compose.ts';
import type { Clock, History } from './ports.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';

export interface EstimateDeps {
  readonly history: History;
  readonly poolOf: (compose: Compose) => string;
  readonly clock: Clock;
}

export type Estimate = (compose: Compose, queuePosition: number | null) => Promise<Date | null>;

const TYPICAL_FOR_MS = 10_000;
const LOAD_FOR_MS = 2_000;
const REMEMBERED = 1_000;

/** Null while there is no history, or nobody who would take the compose. */
export function estimator({ history, poolOf, clock }: EstimateDeps): Estimate {
  const typical = remembered(TYPICAL_FOR_MS, (compose: Compose) => history.typicalMs(compose));
  const load = remembered(LOAD_FOR_MS, (pool: string) => history.load(pool));
  return async (compose, queuePosition) => {
    const ms = await typical(
      JSON.stringify([
        compose.source.type,
        sourceKey(compose.source),
        compose.arches,
        sizeOf(compose),
        compose.engineName,
      ]),
      compose,
    );
    if (ms === null) return null;
    const now = clock.now().getTime();
    if (compose.state === 'GENERATING')
      return compose.startedAt && new Date(Math.max(now, compose.startedAt.getTime() + ms));
    if (compose.state !== 'WAIT' || queuePosition === null) return null;
    const pool = poolOf(compose);
    const { slots, running, meanMs } = await load(pool, pool);
    if (slots === 0) return null;
    // So many have to end before it begins; of `slots` at work, one ends every meanMs / slots.
    const ahead = Math.max(0, queuePosition - (slots - running));
    return new Date(now + (ahead * (meanMs ?? ms)) / slots + ms);
  };
}

function sizeOf({ source }: Compose): number {
  return ['packages', 'builds', 'modules'].reduce(
    (size, field) => size + ((source as unknown as Record<string, readonly string[] | undefined>)[field]?.length ?? 0),
    0,
  );
}

function remembered<Argument, T>(
  forMs: number,
  read: (argument: Argument) => Promise<T>,
): (key: string, argument: Argument) => Promise<T> {
  const known = new Map<string, { readonly at: number; readonly value: Promise<T> }>();
  return (key, argument) => {
    const entry = known.get(key);
    if (entry && performance.now() - entry.at < forMs) return entry.value;
    if (known.size >= REMEMBERED) known.clear();
    const value = read(argument);
    known.set(key, { at: performance.now(), value });
    value.catch(() => known.delete(key));
    return value;
  };
}
