// The whole service in this process, on a fresh database and target directory. Tests use it over GraphQL, like a client.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config/load.ts';
import { startService } from '../../src/bootstrap/service.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { rootField, type GraphqlAnswer, type GraphqlProblem } from './http.ts';
import { silentLogger } from './logger.ts';
import { FAKE_PUNGI_PATH } from './pungi-path.ts';

export interface RunningService {
  readonly url: string;
  readonly directory: string;
  readonly targetDir: string;
  readonly database: TestDatabase;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  /** Creates a compose and returns its id. */
  request(input: object): Promise<string>;
  /** Returns why createCompose refuses the input. */
  refused(input: object): Promise<GraphqlProblem>;
  /** Waits until the compose is DONE or FAILED and returns these fields of it. */
  ended<Fields extends object = Record<string, unknown>>(id: string, fields: string): Promise<Fields>;
  /** Creates a compose, waits until it is DONE or FAILED and returns these fields of it. */
  composed<Fields extends object = Record<string, unknown>>(input: object, fields: string): Promise<Fields>;
  /** Renews a compose, waits until the returned compose is DONE or FAILED and returns these fields of it. */
  renewed<Fields extends object = Record<string, unknown>>(input: object, fields: string): Promise<Fields>;
  stop(): Promise<void>;
}

/** `settings` are environment variables. Pungi is fake-pungi, the other tools are the installed ones. */
export async function startRunningService(settings: Record<string, string> = {}): Promise<RunningService> {
  const directory = await mkdtemp(join(tmpdir(), 'odcs-service-'));
  const targetDir = join(directory, 'composes');
  const database = await createTestDatabase();
  const loaded = loadConfig({
    DATABASE_URL: database.url,
    ODCS_DATA_DIR: join(directory, 'data'),
    ODCS_TARGET_DIR: targetDir,
    ODCS_MIN_FREE_BYTES: '0',
    ODCS_DRAIN_SECONDS: '0',
    PORT: '0',
    PATH: FAKE_PUNGI_PATH,
    ...settings,
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ text }) => text).join('\n'));
  const service = await startService(loaded.config, silentLogger);
  async function query(text: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer> {
    const answer = await fetch(`${service.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, variables }),
    });
    const { data, errors } = (await answer.json()) as Omit<GraphqlAnswer, 'status'>;
    return { status: answer.status, data, errors };
  }
  const create = (input: object) =>
    query('mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }', { input });
  async function request(input: object): Promise<string> {
    return rootField<{ compose: { id: string } }>(await create(input), 'createCompose').compose.id;
  }
  async function ended<Fields extends object>(id: string, fields: string): Promise<Fields> {
    const client = createClient({ url: `${service.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    for await (const { errors } of client.iterate({
      query: 'subscription ($id: ID!) { composeChanged(id: $id, untilDone: true) { compose { state } } }',
      variables: { id },
    })) {
      if (errors) throw new Error(JSON.stringify(errors));
    }
    await client.dispose();
    return rootField(await query(`query ($id: ID!) { compose(id: $id) { ${fields} } }`, { id }), 'compose');
  }
  return {
    url: service.url,
    directory,
    targetDir,
    database,
    query,
    request,
    ended,
    composed: async (input, fields) => ended(await request(input), fields),
    async renewed(input, fields) {
      const mutation = 'mutation ($input: RenewComposeInput!) { renewCompose(input: $input) { compose { id } } }';
      const answer = rootField<{ compose: { id: string } }>(await query(mutation, { input }), 'renewCompose');
      return ended(answer.compose.id, fields);
    },
    async refused(input) {
      const { errors } = await create(input);
      if (!errors?.[0]) throw new Error('createCompose accepted the input');
      return errors[0];
    },
    async stop() {
      await service.stop();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
