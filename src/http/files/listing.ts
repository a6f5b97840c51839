// A directory as an HTML page: directories first, then files, by name. Composes come newest first.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeHtml } from '../landing-page.ts';
import { find, type Found } from './find.ts';
import { isComposeDirectory, isVisible } from './visible.ts';

/** Further entries are left out, because a longer page is of no use. */
const MAX_ENTRIES = 2_000;

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** `shown` is the path of the URL, for the title. */
export async function renderListing(directories: readonly Found[], shown: readonly string[]): Promise<string> {
  const names = new Map<string, Found>();
  for (const directory of directories) {
    for (const name of await readdir(join(directory.root, ...directory.path))) {
      if (!names.has(name) && isVisible([...directory.path, name])) names.set(name, directory);
    }
  }
  const sorted = [...names].sort(([a], [b]) => compareNames(a, b));
  const entries = await Promise.all(sorted.slice(0, MAX_ENTRIES).map(([name, directory]) => entryOf(directory, name)));
  const known = entries.filter((entry) => entry !== null);
  const rows = [...known.filter((entry) => entry.isDirectory), ...known.filter((entry) => !entry.isDirectory)].map(
    rowOf,
  );
  return page(
    `/composes/${shown.map((name) => `${name}/`).join('')}`,
    shown.length > 0,
    rows,
    sorted.length - MAX_ENTRIES,
  );
}

function compareNames(a: string, b: string): number {
  if (isComposeDirectory(a) && isComposeDirectory(b)) return b.length - a.length || (a < b ? 1 : -1);
  return a < b ? -1 : 1;
}

/** Null for an entry that a request would not find. */
async function entryOf(directory: Found, name: string): Promise<Entry | null> {
  const found = await find([directory.root], [...directory.path, name]);
  if (!found) return null;
  const stats = await stat(join(found.root, ...found.path)).catch(() => null);
  return stats && { name, isDirectory: found.kind === 'directory', size: stats.size, modifiedAt: stats.mtime };
}

function rowOf({ name, isDirectory, size, modifiedAt }: Entry): string {
  const shown = isDirectory ? `${name}/` : name;
  const href = `${encodeURIComponent(name)}${isDirectory ? '/' : ''}`;
  const time = modifiedAt.toISOString().slice(0, 19).replace('T', ' ');
  return `<tr><td><a href="./${href}">${escapeHtml(shown)}</a></td><td>${time}</td><td>${isDirectory ? '–' : size}</td></tr>`;
}

function page(title: string, hasParent: boolean, rows: readonly string[], leftOut: number): string {
  const parent = hasParent ? '<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n' : '';
  const more = leftOut > 0 ? `<p>${leftOut} more are not shown.</p>\n` : '';
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem}td,th{padding:0 2rem 0 0;text-align:left}td:nth-child(3),th:nth-child(3){text-align:right}</style></head>
<body><h1>${escapeHtml(title)}</h1>
<table><thead><tr><th>Name</th><th>Modified (UTC)</th><th>Bytes</th></tr></thead><tbody>
${parent}${rows.join('\n')}
</tbody></table>
${more}</body>
</html>
`;
}
