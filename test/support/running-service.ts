// The whole service in this process, on a fresh database and target directory, used as a client does: over GraphQL.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config/load.ts';
import { startService } from '../../src/bootstrap/service.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import type { GraphqlAnswer, GraphqlProblem } from './http.ts';
import { silentLogger } from './logger.ts';

const FAKE_PUNGI = fileURLToPath(new URL('./fake-pungi', import.meta.url));

export interface RunningService {
  readonly url: string;
  readonly directory: string;
  readonly targetDir: string;
  readonly database: TestDatabase;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  /** Id of a compose that is asked for. */
  request(input: object): Promise<string>;
  /** Why it is refused. */
  refused(input: object): Promise<GraphqlProblem>;
  /** The fields asked for, when the compose is DONE or FAILED. */
  ended(id: string, fields: string): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Settings as in the environment. Pungi is fake-pungi, the other tools are the machine's. */
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
    PATH: [FAKE_PUNGI, dirname(process.execPath), process.env['PATH'] ?? ''].join(':'),
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
  return {
    url: service.url,
    directory,
    targetDir,
    database,
    query,
    async request(input) {
      const { data, errors } = await create(input);
      if (!data) throw new Error(`refused: ${JSON.stringify(errors)}`);
      return (data['createCompose'] as { compose: { id: string } }).compose.id;
    },
    async refused(input) {
      const { errors } = await create(input);
      if (!errors?.[0]) throw new Error('was accepted');
      return errors[0];
    },
    async ended(id, fields) {
      const client = createClient({ url: `${service.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
      for await (const { errors } of client.iterate({
        query: 'subscription ($id: ID!) { composeChanged(id: $id, untilDone: true) { compose { state } } }',
        variables: { id },
      })) {
        if (errors) throw new Error(JSON.stringify(errors));
      }
      await client.dispose();
      const { data, errors } = await query(`query ($id: ID!) { compose(id: $id) { ${fields} } }`, { id });
      if (!data) throw new Error(JSON.stringify(errors));
      return data['compose'] as Record<string, unknown>;
    },
    async stop() {
      await service.stop();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
