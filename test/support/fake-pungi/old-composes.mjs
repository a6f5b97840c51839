// `--old-composes` like real Pungi: finds the latest finished compose of the same release by its directory's name, and leaves
// files for the next compose.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Null when there is no finished compose of the release. */
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

/** The files contain the compose's id, so that a test can identify them. */
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
