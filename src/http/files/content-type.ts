// Content types of the files in composes. Compressed metadata has no Content-Encoding: clients would decompress it, and
// its checksum would not match.

const BY_SUFFIX: readonly (readonly [suffix: string, type: string])[] = [
  ['.rpm', 'application/x-rpm'],
  ['.repo', 'text/plain; charset=utf-8'],
  ['.log', 'text/plain; charset=utf-8'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.conf', 'text/plain; charset=utf-8'],
  ['.treeinfo', 'text/plain; charset=utf-8'],
  ['STATUS', 'text/plain; charset=utf-8'],
  ['COMPOSE_ID', 'text/plain; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.xml', 'application/xml'],
  ['.gz', 'application/gzip'],
  ['.xz', 'application/x-xz'],
  ['.zst', 'application/zstd'],
  ['.bz2', 'application/x-bzip2'],
  ['.sqlite', 'application/vnd.sqlite3'],
  ['.iso', 'application/x-iso9660-image'],
];

export function contentType(name: string): string {
  return BY_SUFFIX.find(([suffix]) => name.endsWith(suffix))?.[1] ?? 'application/octet-stream';
}
