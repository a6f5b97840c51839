// A source of events as a stream of results: what graphql.subscribe does after it has the source. Leaving it leaves
// the source, even while that waits.

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
