// Runs tasks concurrently, at most `limit` at a time. The first failure aborts the other tasks; the promise settles when no
// task is running. p-map rejects while tasks still run.

export async function mapFailFast<T, Failure extends object>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<Failure | null>,
): Promise<Failure | null> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const queue = iterate(items);
  let problem: Failure | null = null;
  let error: { readonly thrown: unknown } | null = null;
  await Promise.all(
    Array.from({ length: limit }, async () => {
      try {
        for (let next = await queue.next(); !next.done && !either.aborted; next = await queue.next()) {
          const failed = await task(next.value, either);
          if (!failed || either.aborted) continue;
          problem = failed;
          stop.abort();
        }
      } catch (thrown) {
        if (!either.aborted) error = { thrown };
        stop.abort();
      }
    }),
  );
  await queue.return?.(undefined);
  signal.throwIfAborted();
  if (error) throw (error as { thrown: unknown }).thrown;
  return problem;
}

/** An async generator queues the concurrent calls of its consumers. */
async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
