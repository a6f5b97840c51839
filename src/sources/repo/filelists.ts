// Reads filelists.xml and keeps only wanted paths: the whole list would not fit into memory.

import { MetadataParser } from './metadata-parser.ts';

export function filelistsParser(
  isWanted: (path: string, arch: string) => boolean,
  onFile: (checksum: string, path: string) => void,
): MetadataParser {
  let pkgid = '';
  let arch = '';
  return new MetadataParser('filelists', {
    open(name, attributes) {
      if (name !== 'package') return;
      pkgid = (attributes['pkgid'] ?? '').toLowerCase();
      arch = attributes['arch'] ?? '';
    },
    close(name, content) {
      if (name === 'file' && isWanted(content, arch)) onFile(pkgid, content);
    },
  });
}

/** Whether createrepo_c writes the path to primary.xml, too. */
export function isInPrimary(path: string): boolean {
  return path.startsWith('/etc/') || path.includes('bin/') || path === '/usr/lib/sendmail';
}
