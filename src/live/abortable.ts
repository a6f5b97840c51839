// An async generator that can be left at any time. By itself, one that awaits its next item queues `return()` behind
// that await, for ever if nothing comes; here leaving aborts the signal first, on which everything it awaits must end.
// The signal aborts when the generator ends by itself, too: nothing that it started may outlive it.

export function abortable<T>(
  generate: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncIterableIterator<T, void> {
  const controller = new AbortController();
  const generator = generate(controller.signal);
  const leave = () => {
    controller.abort();
    return generator.return();
  };
  return {
    async next() {
      let result: IteratorResult<T, void> | undefined;
      try {
        result = await generator.next();
        return result;
      } finally {
        if (result?.done !== false) controller.abort();
      }
    },
    return: leave,
    throw: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
