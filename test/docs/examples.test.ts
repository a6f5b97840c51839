// Runs the commands and programs of the documents, in their order, against one service a document.

import { createClient } from 'graphql-ws';
import { Kind, OperationTypeNode, parse } from 'graphql';
import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import type { CodeBlock } from '../../src/docs/markdown.ts';
import { commandsOf, isExpected, isRun, npmProblem, programOf, type Command } from '../support/documents/console.ts';
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
      for (const block of blocks) expect(await problemOf(service, block), `${path}:${block.line}`).toBeNull();
    } finally {
      await service.stop();
    }
  });
});

async function problemOf(service: DocumentService, { info, code }: CodeBlock): Promise<string | null> {
  const [language, need] = info;
  // Blocks with a need are only validated, or have a test of their own.
  if (need !== undefined) return null;
  switch (language) {
    case 'console':
      return commandProblem(service, code);
    case 'bash':
    case 'js': {
      const { exitCode, output } = await service.run(language, code);
      return exitCode === 0 ? null : `ends with ${exitCode} and prints\n${output}`;
    }
    default:
      await service.makeComposes();
      return queryProblem(service, code);
  }
}

async function commandProblem(service: DocumentService, code: string): Promise<string | null> {
  for (const command of commandsOf(code)) {
    const problem = isRun(command)
      ? await outputProblem(service, command)
      : programOf(command) === 'npm'
        ? npmProblem(command)
        : null;
    if (problem !== null) return `${command.text}: ${problem}`;
  }
  return null;
}

async function outputProblem(service: DocumentService, command: Command): Promise<string | null> {
  const { output } = await service.run('bash', command.text);
  return isExpected(output, service.substituted(command.output)) ? null : `prints\n${output}`;
}

async function queryProblem(service: DocumentService, code: string): Promise<string | null> {
  const text = service.substituted(code);
  const answer = isSubscription(text) ? await firstEvent(service, text) : await ask(service, text);
  return 'errors' in answer ? JSON.stringify(answer.errors) : null;
}

function isSubscription(text: string): boolean {
  return parse(text).definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.SUBSCRIPTION,
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
