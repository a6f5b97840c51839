// Writes schema.graphql, which clients generate code from. With --check it only compares, and exits 1 where the file
// is not what the classes say.

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
  process.stderr.write('schema.graphql is not what the code says; run: npm run schema\n');
  process.exitCode = 1;
}
