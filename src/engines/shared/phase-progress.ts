// Progress within a phase, from a count of finished items.

/** The percentage of `done` of `total` items in the span of a phase; `from` when there are no items. */
export function percentOf(done: number, total: number, from: number, to: number): number {
  return from + (to - from) * (total > 0 ? Math.min(1, done / total) : 0);
}
