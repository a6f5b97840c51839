// The generated parts of the documents, by name. Each is made from the one place in the code that has the facts.

import { GRAPHQL_ERRORS } from '../graphql/error-codes.ts';
import { FAILURES } from '../compose/failure.ts';
import { SOURCE_DESCRIPTORS } from '../compose/sources/descriptors.ts';
import {
  COMPOSE_RESULT_MEANINGS,
  COMPOSE_STATE_MEANINGS,
  COMPOSE_TYPE_MEANINGS,
  EVENT_KIND_MEANINGS,
  FLAGS,
  MULTILIB_METHOD_MEANINGS,
} from '../compose/vocabulary.ts';
import { lifecycleDiagram } from './lifecycle.ts';
import { table } from './markdown.ts';
import { ROOMS } from './rooms.ts';
import { operationTables } from './schema-tables.ts';
import { settingsReference } from './settings-page.ts';

export const PARTS: Readonly<Record<string, () => string>> = {
  rooms: roomsTable,
  settings: settingsReference,
  lifecycle: lifecycleDiagram,
  operations: operationTables,
  states: () => meanings('State', COMPOSE_STATE_MEANINGS),
  events: () => meanings('Kind', EVENT_KIND_MEANINGS),
  results: () => meanings('Result', COMPOSE_RESULT_MEANINGS),
  'compose-types': () => meanings('Compose type', COMPOSE_TYPE_MEANINGS),
  'multilib-methods': () => meanings('Multilib method', MULTILIB_METHOD_MEANINGS),
  flags: () =>
    table(
      ['Flag', 'Meaning'],
      Object.entries(FLAGS).map(([flag, { meaning }]) => [`\`${flag}\``, meaning]),
    ),
  sources: sourcesTable,
  failures: () => codes(FAILURES),
  problems: () => codes(GRAPHQL_ERRORS),
};

function codes(entries: Readonly<Record<string, { readonly retryable: boolean; readonly meaning: string }>>): string {
  return table(
    ['Code', 'Retryable', 'Meaning'],
    Object.entries(entries).map(([code, { retryable, meaning }]) => [`\`${code}\``, retryable ? 'yes' : 'no', meaning]),
  );
}

function meanings(what: string, entries: Readonly<Record<string, string>>): string {
  return table(
    [what, 'Meaning'],
    Object.entries(entries).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );
}

/** A flag suits a source type that has its scope. */
function sourcesTable(): string {
  const rows = Object.values(SOURCE_DESCRIPTORS).map(({ field, meaning, flags: scopes }) => {
    const flags = Object.entries(FLAGS).filter(([, { scope }]) => scope === 'any' || scopes.includes(scope));
    return [`\`${field}\``, meaning, flags.map(([flag]) => `\`${flag}\``).join(', ')];
  });
  return table(['Source', 'Meaning', 'Flags'], rows);
}

function roomsTable(): string {
  const rows = Object.entries(ROOMS).map(([name, { holds, mayImport, packages = [], isPure }]) => [
    `\`${name}/\``,
    holds + (isPure ? '. No I/O' : ''),
    mayImport.map((room) => `\`${room}\``).join(', ') || '–',
    packages.map((text) => `\`${text}\``).join(', ') || '–',
  ]);
  return table(['Room', 'Holds', 'May import', 'The only one that imports'], rows);
}
