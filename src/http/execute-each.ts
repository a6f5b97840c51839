// Executes an operation for each event of a source, as graphql.subscribe does once it has the source. Leaving the results
// leaves the source too, even while it waits for an event.

import { execute, type ExecutionArgs, type ExecutionResult } from 'graphql';

export function executeEach(
  source: AsyncIterable<unknown>,
  args: ExecutionArgs,
): AsyncIterableIterator<ExecutionResult, undefined> {
  const events = source[Symbol.asyncIterator]();
  const leave = async (): Promise<IteratorResult<ExecutionResult, undefined>> => {
    await events.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      const event = await events.next();
      return event.done
        ? { done: true, value: undefined }
        : { done: false, value: await execute({ ...args, rootValue: event.value }) };
    },
    return: leave,
    throw: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
