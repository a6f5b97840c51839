// What a client does: requests a compose over HTTP and watches it over a WebSocket.

import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const CREATE = `mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }`;
const WATCH = `subscription ($id: ID!) {
  composeChanged(id: $id, untilDone: true) {
    kind
    compose { state stateReason repofile progress { percent phase message } failure { code message details } }
  }
}`;

export interface WatchedCompose {
  readonly state: string;
  readonly stateReason: string;
  readonly repofile: string | null;
  readonly progress: { readonly percent: number; readonly phase: string; readonly message: string | null } | null;
  readonly failure: { readonly code: string; readonly message: string; readonly details: string | null } | null;
}

export interface WatchedEvent {
  readonly kind: string;
  readonly compose: WatchedCompose;
}

/** The id of the new compose. */
export async function createCompose(url: string, input: object): Promise<string> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: CREATE, variables: { input } }),
  });
  const { data, errors } = (await answer.json()) as {
    data?: { createCompose: { compose: { id: string } } };
    errors?: unknown;
  };
  if (!data) throw new Error(`createCompose was refused: ${JSON.stringify(errors)}`);
  return data.createCompose.compose.id;
}

/** The compose when it has ended; undefined if there was no event. */
export async function watchCompose(
  url: string,
  id: string,
  onEvent: (event: WatchedEvent) => void,
): Promise<WatchedCompose | undefined> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  let last: WatchedCompose | undefined;
  const events = client.iterate<{ composeChanged: WatchedEvent }>({ query: WATCH, variables: { id } });
  for await (const { data, errors } of events) {
    if (!data) throw new Error(`The subscription failed: ${JSON.stringify(errors)}`);
    last = data.composeChanged.compose;
    onEvent(data.composeChanged);
  }
  await client.dispose();
  return last;
}
