// The subscription to the log of an attempt.

import { Arg, ID, Int, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { abortable } from '../../live/abortable.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { LogChunk } from '../types/log-chunk.ts';

interface Args {
  readonly id: string;
  readonly attempt?: number | null;
  readonly offset?: number | null;
}

@Resolver()
export class ComposeLog {
  @Subscription(() => LogChunk, {
    subscribe: ({ args, context }: SubscribeResolverData<unknown, Args, OperationContext>) => composeLog(context, args),
    description: `The log of an attempt as it is written. The last chunk has \`end\`; then it completes. For a compose that shares a result it is the
log of the shared compose, and ends when the compose shares another one or has an attempt of its own. An unknown id is \`NOT_FOUND\`.`,
  })
  composeLog(
    @Root() chunk: LogChunk,
    @Arg('id', () => ID, { description: 'The id of the compose.' }) _id: string,
    @Arg('attempt', () => Int, {
      nullable: true,
      description:
        'The attempt, counted from 1; one that does not exist is `BAD_USER_INPUT`. Default: the latest, or the first to come.',
    })
    _attempt: number | null | undefined,
    @Arg('offset', () => Int, {
      nullable: true,
      defaultValue: 0,
      description: 'Where to begin, in bytes: 0, or `nextOffset` of the last chunk to resume.',
    })
    _offset: number | null,
  ): LogChunk {
    return chunk;
  }
}

async function composeLog(
  { api, viewer }: OperationContext,
  { id, attempt, offset }: Args,
): Promise<AsyncIterableIterator<LogChunk>> {
  return abortable(valueOf(await api.log(viewer, { id, attempt: attempt ?? null, offset: offset ?? 0 })));
}
