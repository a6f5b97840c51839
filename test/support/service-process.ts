// The service as whole processes: started as `npm start` does, found by what it logs, ended as one likes.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlAnswer } from './http.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** In the environment of each service: the process that runs the suite, which ends those that a test left behind. */
export const TEST_RUN = 'TEST_RUN';

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it logged so far, one JSON object a line. */
  readonly log: Record<string, unknown>[];
  /** When it has logged this message. */
  logged(message: string): Promise<void>;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  client(options?: Partial<Parameters<typeof createClient>[0]>): Client;
  /** Sends the signal and waits for the end; answers the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export async function startService(environment: Record<string, string>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', [TEST_RUN]: String(process.ppid), ...environment },
    // Not the test's own output: where a test is given up on, vitest waits until nobody holds that any more.
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log: Record<string, unknown>[] = [];
  const clients: Client[] = [];
  const url = await serving(child, log);
  return {
    url,
    child,
    log,
    async logged(message) {
      while (!log.some(({ msg }) => msg === message)) await once(child.stderr ?? child, 'data');
    },
    async query(query, variables) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return { status: answer.status, ...((await answer.json()) as Omit<GraphqlAnswer, 'status'>) };
    },
    client(options = {}) {
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async end(signal = 'SIGTERM') {
      for (const client of clients.splice(0)) await client.dispose();
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit') as Promise<[number | null]>;
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

/** Resolves with the URL when it serves; rejects with what it wrote when it ends instead. */
function serving(child: ChildProcess, log: Record<string, unknown>[]): Promise<string> {
  const { stderr } = child;
  if (!stderr) throw new Error('The service is started with a pipe for its log');
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    createInterface({ input: stderr }).on('line', (line) => {
      lines.push(line);
      const entry = parsed(line);
      if (!entry) return;
      log.push(entry);
      if (entry['msg'] === 'Serving') resolve(String(entry['graphql']).replace(/\/graphql$/, ''));
    });
    child.once('exit', (code) =>
      reject(new Error(`The service ended with ${code} before it served:\n${lines.join('\n')}`)),
    );
  });
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
