// Runs tasks concurrently, at most `limit` at a time. The first failure aborts the other tasks; the promise settles when none
// is running.

export async function mapFailFast<T, Failure extends object>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<Failure | null>,
): Promise<Failure | null> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const queue = iterate(items);
  let problem: Failure | null = null;
  let error: { readonly thrown: unknown } | null = null;
  await Promise.all(
    Array.from({ length: limit }, async () => {
      try {
        for (let next = await queue.next(); !next.done && !both.aborted; next = await queue.next()) {
          const failed = await task(next.value, both);
          if (!failed || both.aborted) continue;
          problem = failed;
          stop.abort();
        }
      } catch (thrown) {
        if (!both.aborted) error = { thrown };
        stop.abort();
      }
    }),
  );
  await queue.return?.(undefined);
  signal.throwIfAborted();
  if (error) throw (error as { thrown: unknown }).thrown;
  return problem;
}

/** A generator: async ones queue the calls of several consumers by themselves. */
async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
