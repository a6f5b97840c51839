// Which files of a target directory are served: of a compose its compose/ and logs/ (without tracebacks), STATUS and
// .repo files; the links to composes of raw configurations; no name that begins with a dot.

import { idOfDirectory } from '../../compose/compose-id.ts';

const LINK_DIRECTORIES: ReadonlySet<string> = new Set(['test', 'ci', 'nightly', 'development', 'production']);

export function isComposeDirectory(name: string): boolean {
  return idOfDirectory(name) !== null;
}

/** `path` has the names below the target directory. An empty path is the target directory itself. */
export function isVisible(path: readonly string[]): boolean {
  const [top, second] = path;
  if (top === undefined) return true;
  if (path.some((name) => name === '' || name.startsWith('.'))) return false;
  if (LINK_DIRECTORIES.has(top)) return true;
  if (!isComposeDirectory(top)) return false;
  if (second === undefined || second === 'compose') return true;
  if (second === 'logs') return !path.some((name) => name.startsWith('traceback'));
  return path.length === 2 && (second === 'STATUS' || second.endsWith('.repo'));
}

/** The names in the path of a URL; null for a path that names no file. */
export function namesIn(urlPath: string): readonly string[] | null {
  const names: string[] = [];
  for (const encoded of urlPath.split('/')) {
    if (encoded === '') continue;
    const name = decoded(encoded);
    if (name === null || /[/\\\0]/.test(name)) return null;
    names.push(name);
  }
  return names;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
