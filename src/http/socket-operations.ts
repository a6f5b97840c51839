// Operations over WebSockets: admitted as over HTTP. Identical live operations share a tail. Errors are answers to the
// operation; an exception would close the socket with all its other operations.

import {
  createSourceEventStream,
  execute,
  OperationTypeNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { rightsKey, type Viewer } from '../compose/viewer.ts';
import { operationContext, type OperationContext } from '../graphql/context.ts';
import { formatErrors } from '../graphql/errors.ts';
import { operationKey } from '../graphql/operation-key.ts';
import type { ComposeEventView } from '../graphql/types/compose-event.ts';
import { LiveSource } from '../live/live-source.ts';
import { LiveSubscription } from '../live/live-subscription.ts';
import type { SharedTails } from '../live/shared-tail.ts';
import { executeEach } from './execute-each.ts';
import type { GraphqlRoute } from './graphql-route.ts';
import { socketOutlet } from './socket-outlet.ts';

/** The arguments that graphql-ws passes on, and what a live operation needs. */
interface OperationArgs extends ExecutionArgs {
  readonly contextValue: OperationContext;
  readonly live: { readonly key: string; readonly id: string; readonly socket: WebSocket };
}

interface SocketOperation {
  readonly viewer: Viewer;
  readonly socket: WebSocket;
  readonly id: string;
  readonly payload: SubscribePayload;
}

export function admit(
  { schema, admission, api, logger }: GraphqlRoute,
  { viewer, socket, id, payload }: SocketOperation,
): ExecutionArgs | readonly GraphQLError[] {
  const admitted = admission.admit(payload);
  if (!admitted.ok) return admitted.errors;
  const { document, operation, variables } = admitted;
  const isLive = operation.operation === OperationTypeNode.SUBSCRIPTION;
  const args: OperationArgs = {
    schema,
    document,
    operationName: operation.name?.value ?? null,
    variableValues: variables,
    contextValue: operationContext(api, viewer, logger, { live: isLive }),
    live: { key: isLive ? operationKey({ ...admitted, rights: rightsKey(viewer) }) : '', id, socket },
  };
  return args;
}

/** `executionArgs` come from `admit`. */
export async function subscribe(
  executionArgs: ExecutionArgs,
  tails: SharedTails<ComposeEventView>,
): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult, void>> {
  const args = executionArgs as OperationArgs;
  const source: unknown = await createSourceEventStream(args);
  if (!isStream(source)) return source as ExecutionResult;
  if (!(source instanceof LiveSource)) return executeEach(source, args);
  const { key, id, socket } = args.live;
  const { log } = args.contextValue;
  return new LiveSubscription<ComposeEventView>({
    key,
    source,
    tails,
    outlet: socketOutlet(socket, id),
    render: async (event) => {
      const { errors, ...result } = await execute({ ...args, rootValue: event });
      const formatted: FormattedExecutionResult = errors ? { ...result, errors: formatErrors(errors, log) } : result;
      return JSON.stringify(formatted);
    },
  });
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
