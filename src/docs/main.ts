// `npm run docs` writes the generated parts of all Markdown files. With --check it writes nothing and ends with 1 if a
// part is stale, a link is dead or the README is too long.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problemsOf, readPages, regenerated } from './pages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = readPages(root);

if (process.argv.includes('--check')) {
  const problems = problemsOf(pages, root);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log('The documents are up to date');
} else {
  for (const page of pages) {
    const { path, text } = regenerated(page);
    if (text === page.text) continue;
    writeFileSync(join(root, path), text);
    console.log(`${path} is written`);
  }
}
