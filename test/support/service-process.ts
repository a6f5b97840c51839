// A process of the service, started like by `npm start`. The test reads its URL from its log, and ends it with any signal.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlAnswer } from './http.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Environment variable of each process: the pid of the test run, which ends the processes that a test leaves behind. */
export const TEST_RUN = 'TEST_RUN';

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** The log entries up to now. */
  readonly log: Record<string, unknown>[];
  /** Resolves when the process has logged the message. */
  logged(message: string): Promise<void>;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  client(options?: Partial<Parameters<typeof createClient>[0]>): Client;
  /** Sends the signal, waits for the exit and returns the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export async function startService(environment: Record<string, string>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', [TEST_RUN]: String(process.ppid), ...environment },
    // Not the output of the test: vitest waits until every process has closed that.
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

/** Resolves with the URL when the process serves. Rejects with its output if it ends before. */
function serving(child: ChildProcess, log: Record<string, unknown>[]): Promise<string> {
  const { stderr } = child;
  if (!stderr) throw new Error('The service needs a pipe for its log');
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
