// An async generator that can be left at any time. By itself, one that awaits its next item queues `return()` behind
// that await, for ever if nothing comes; here leaving aborts the signal first, on which everything it awaits must end.

export function abortable<T>(generate: (signal: AbortSignal) => AsyncGenerator<T, void>): AsyncIterableIterator<T, void> {
  const controller = new AbortController();
  const generator = generate(controller.signal);
  const leave = () => {
    controller.abort();
    return generator.return();
  };
  return {
    next: () => generator.next(),
    return: leave,
    throw: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
