// An async iterator that its consumer can leave at any time. `return()` of a plain async generator waits until the
// pending item arrives, which may be never. Here leaving aborts a signal, and everything that the generator awaits
// must end on it. The signal also aborts when the generator ends, so that nothing it started goes on.

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
