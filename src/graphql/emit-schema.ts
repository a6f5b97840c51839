// Writes schema.graphql, from which clients generate code. With --check it compares the file with the code instead, and
// exits with 1 when they differ.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildApiSchema, schemaText } from './schema.ts';

const path = fileURLToPath(new URL('../../schema.graphql', import.meta.url));
const text = schemaText(buildApiSchema());

if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
  process.stdout.write('schema.graphql is written\n');
} else if (existsSync(path) && readFileSync(path, 'utf8') === text) {
  process.stdout.write('schema.graphql is up to date\n');
} else {
  process.stderr.write('schema.graphql differs from the code; run: npm run schema\n');
  process.exitCode = 1;
}
