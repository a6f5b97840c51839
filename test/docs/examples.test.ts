// Runs the commands and programs of the documents, in their order, against one service a document.

import { createClient } from 'graphql-ws';
import { Kind, parse, type DocumentNode } from 'graphql';
import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import type { CodeBlock } from '../../src/docs/markdown.ts';
import { commandsOf, isExpected, isRun, npmProblem, programOf } from '../support/documents/console.ts';
import { pages } from '../support/documents/pages.ts';
import { DocumentService } from '../support/documents/service.ts';

const TIMEOUT_MS = 60_000;
/** A subscription without an event so long has been accepted. */
const QUIET_MS = 500;
const LANGUAGES = ['console', 'bash', 'js', 'graphql'];

const tested = pages
  .map(({ path, blocks }) => ({ path, blocks: blocks.filter(({ info }) => LANGUAGES.includes(info[0] ?? '')) }))
  .filter(({ blocks }) => blocks.length > 0);

describe.each(tested)('the examples in $path', ({ path, blocks }) => {
  it('work, one after the other', { timeout: TIMEOUT_MS }, async () => {
    const service = await DocumentService.start();
    try {
      for (const block of blocks) await tryBlock(service, block, `${path}:${block.line}`);
    } finally {
      await service.stop();
    }
  });
});

async function tryBlock(service: DocumentService, { info, code }: CodeBlock, at: string): Promise<void> {
  const [language, need] = info;
  // The test of subscriptions runs programs that do not end.
  if (need !== undefined) return;
  switch (language) {
    case 'console':
      return tryCommands(service, code, at);
    case 'bash':
    case 'js': {
      const { exitCode, output } = await service.run(language, code);
      expect(exitCode, `${at} prints\n${output}`).toBe(0);
      return;
    }
    default:
      await service.makeComposes();
      return execute(service, code, at);
  }
}

async function tryCommands(service: DocumentService, code: string, at: string): Promise<void> {
  for (const command of commandsOf(code)) {
    if (!isRun(command)) {
      expect(programOf(command) === 'npm' ? npmProblem(command) : null, `${at}: ${command.text}`).toBeNull();
      continue;
    }
    const { output } = await service.run('bash', command.text);
    const expected = { ...command, output: service.substituted(command.output) };
    expect(isExpected(output, expected), `${at}: ${command.text}\nprints\n${output}`).toBe(true);
  }
}

async function execute(service: DocumentService, query: string, at: string): Promise<void> {
  const text = service.substituted(query);
  const answer = isSubscription(parse(text)) ? await firstEvent(service, text) : await ask(service, text);
  expect(answer, at).not.toHaveProperty('errors');
}

function isSubscription({ definitions }: DocumentNode): boolean {
  return definitions.some(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION && String(definition.operation) === 'subscription',
  );
}

async function ask(service: DocumentService, query: string): Promise<object> {
  const answer = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await answer.json()) as object;
}

async function firstEvent(service: DocumentService, query: string): Promise<object> {
  const client = createClient({
    url: `${service.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const quiet = new Promise<object>((resolve) => setTimeout(resolve, QUIET_MS, {}));
  try {
    const first = client.iterate({ query }).next();
    return await Promise.race([first.then(({ value }) => (value ?? {}) as object), quiet]);
  } finally {
    await client.dispose();
  }
}
