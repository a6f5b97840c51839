// filelists.xml, of which only the paths that somebody asks for are kept: the whole of it would not fit into memory.

import { SaxesParser } from 'saxes';

export interface FilelistsReader {
  write(text: string): void;
  problem(): string | null;
  close(): void;
}

export function readFilelists(
  isWanted: (path: string, arch: string) => boolean,
  onFile: (checksum: string, path: string) => void,
): FilelistsReader {
  const parser = new SaxesParser({ position: false });
  let problem: string | null = null;
  let root: string | null = null;
  let pkgid = '';
  let arch = '';
  let content = '';
  parser.on(
    'error',
    (error) => void (problem ??= `is not well-formed XML (${error.message}): it is damaged or truncated`),
  );
  parser.on('opentag', (tag) => {
    const { name } = tag;
    const attributes = tag.attributes as Readonly<Record<string, string>>;
    content = '';
    root ??= name;
    if (root !== 'filelists') problem ??= `is not a list of files (its root is <${root}>)`;
    if (name !== 'package') return;
    pkgid = (attributes['pkgid'] ?? '').toLowerCase();
    arch = attributes['arch'] ?? '';
  });
  parser.on('text', (piece) => void (content += piece));
  parser.on('closetag', ({ name }) => {
    if (name === 'file' && isWanted(content, arch)) onFile(pkgid, content);
  });
  return {
    write: (text) => void (problem === null && parser.write(text)),
    problem: () => problem,
    close: () => void (problem === null && parser.close()),
  };
}

/** Paths that primary.xml tells of already, by createrepo_c's rule. */
export function isInPrimary(path: string): boolean {
  return path.startsWith('/etc/') || path.includes('bin/') || path === '/usr/lib/sendmail';
}
