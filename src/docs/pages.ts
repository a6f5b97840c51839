// The Markdown pages of the project, and what is wrong with them: stale generated parts, dead links, a long README.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { anchorsOf, linksOf, withParts } from './markdown.ts';
import { PARTS } from './parts.ts';

export interface Page {
  /** Relative to the root of the project. */
  readonly path: string;
  readonly text: string;
}

const LONGEST_README = 120;
const WITHOUT_PAGES = new Set(['node_modules', 'dist', 'data']);

export function readPages(root: string): Page[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !WITHOUT_PAGES.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? markdownBelow(root, entry.name) : [entry.name]))
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function markdownBelow(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path));
}

/** The page with its generated parts made anew. Fails for a part that does not exist. */
export function regenerated({ path, text }: Page): Page {
  const part = (name: string) => {
    const make = PARTS[name];
    if (!make)
      throw new Error(`${path}: there is no generated part ${name}; there are ${Object.keys(PARTS).join(', ')}`);
    return make();
  };
  return { path, text: withParts(text, part) };
}

export function problemsOf(pages: readonly Page[], root: string): string[] {
  return pages.flatMap((page) => [
    ...(regenerated(page).text === page.text ? [] : [`${page.path}: a generated part is stale. Run: npm run docs`]),
    ...deadLinks(page, pages, root),
    ...(page.path === 'README.md' ? lengthProblem(page) : []),
  ]);
}

function lengthProblem({ text }: Page): string[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > LONGEST_README ? [`README.md: has ${lines} lines; the limit is ${LONGEST_README}`] : [];
}

function deadLinks(page: Page, pages: readonly Page[], root: string): string[] {
  return linksOf(page.text)
    .filter((link) => !/^[a-z]+:/.test(link))
    .flatMap((link) => {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
      if (!existsSync(join(root, path))) return [`${page.path}: ${link} leads to no file`];
      const target = pages.find((other) => other.path === path);
      if (anchor === undefined || (target && anchorsOf(target.text).has(anchor))) return [];
      return [`${page.path}: ${link} leads to no heading`];
    });
}
