// `--old-composes` as the real one takes it: the latest finished compose of the same release by its directory's name; what
// it keeps for the next one; and what it says of both.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Null where none is of the release, or none is finished. */
export function findOldCompose(directories, { short, version }) {
  const found = directories.filter(isDirectory).flatMap((directory) =>
    readdirSync(directory).flatMap((name) => {
      const [prefix, path] = [`${short}-${version}`, join(directory, name)];
      const isOfRelease = name.startsWith(prefix) && /^.\d/.test(name.slice(prefix.length)) && isDirectory(path);
      const status =
        isOfRelease && existsSync(join(path, 'STATUS')) ? readFileSync(join(path, 'STATUS'), 'utf8').trim() : '';
      return ['FINISHED', 'FINISHED_INCOMPLETE', 'DOOMED'].includes(status) ? [{ name, path }] : [];
    }),
  );
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1)).at(-1)?.path ?? null;
}

export function pathsOf(top, tag) {
  const work = join(top, 'work', 'global');
  return { repodata: join(work, 'repo', tag, 'repodata'), headers: join(work, `pkgset_${tag}_file_cache.pickle`) };
}

/** What a compose leaves for the next: its id, so that a test can tell whose it is. */
export function leaveForNext(composeDir, tag, id) {
  const { repodata, headers } = pathsOf(composeDir, tag);
  mkdirSync(repodata, { recursive: true });
  writeFileSync(join(repodata, 'repomd.xml'), `<repomd><!-- ${id} --></repomd>`);
  writeFileSync(join(repodata, 'abc-primary.xml.gz'), id);
  writeFileSync(headers, id);
}

function isDirectory(path) {
  return existsSync(path) && statSync(path).isDirectory();
}
