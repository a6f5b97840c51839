// Estimates when a compose will be done: from the time that similar composes took and, while it waits, from its queue
// position and the capacity of the workers of its pool. What is read from the database is cached briefly.

import type { Compose } from '../compose/compose.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';
import type { Clock, History } from './ports.ts';

export interface EstimateDeps {
  readonly history: History;
  readonly poolOf: (compose: Compose) => string;
  readonly clock: Clock;
}

export type Estimate = (compose: Compose, queuePosition: number | null) => Promise<Date | null>;

const DURATION_CACHE_MS = 10_000;
const LOAD_CACHE_MS = 2_000;
const MAX_CACHED_VALUES = 1_000;

/** The estimate is null without similar composes in the past, and without a worker that may take the compose. */
export function estimator({ history, poolOf, clock }: EstimateDeps): Estimate {
  const typicalMs = cached(DURATION_CACHE_MS, durationKey, (compose: Compose) => history.typicalMs(compose));
  const loadOf = cached(
    LOAD_CACHE_MS,
    (pool) => pool,
    (pool: string) => history.load(pool),
  );
  return async (compose, queuePosition) => {
    const ms = await typicalMs(compose);
    if (ms === null) return null;
    const now = clock.now().getTime();
    if (compose.state === 'GENERATING')
      return compose.startedAt && new Date(Math.max(now, compose.startedAt.getTime() + ms));
    if (compose.state !== 'WAIT' || queuePosition === null) return null;
    const { slots, running, meanMs } = await loadOf(poolOf(compose));
    if (slots === 0) return null;
    // So many composes must end before this one begins; with all slots busy, one ends every meanMs / slots.
    const ahead = Math.max(0, queuePosition - (slots - running));
    return new Date(now + (ahead * (meanMs ?? ms)) / slots + ms);
  };
}

/** Equal for composes that the database counts as similar. */
function durationKey({ source, arches, engineName }: Compose): string {
  const { packages, builds, modules } = source as Partial<Record<'packages' | 'builds' | 'modules', readonly string[]>>;
  const requestedItems = [packages, builds, modules].reduce((sum, items) => sum + (items?.length ?? 0), 0);
  return JSON.stringify([source.type, sourceKey(source), arches, requestedItems, engineName]);
}

function cached<Argument, T>(
  maxAgeMs: number,
  keyOf: (argument: Argument) => string,
  read: (argument: Argument) => Promise<T>,
): (argument: Argument) => Promise<T> {
  const entries = new Map<string, { readonly at: number; readonly value: Promise<T> }>();
  return (argument) => {
    const key = keyOf(argument);
    const entry = entries.get(key);
    if (entry && performance.now() - entry.at < maxAgeMs) return entry.value;
    if (entries.size >= MAX_CACHED_VALUES) entries.clear();
    const value = read(argument);
    entries.set(key, { at: performance.now(), value });
    value.catch(() => entries.delete(key));
    return value;
  };
}
