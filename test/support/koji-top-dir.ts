// Koji's files on disk in the layout of koji's PathInfo: packages, signed copies, metadata of modules and outputs of tasks.
// Real Pungi reads them.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { signedPath, type FakeBuild } from './fake-koji/model.ts';
import { isStruct } from '../../src/upstreams/xml-rpc/value.ts';
import type { KojiLab } from './koji-lab.ts';

/** Writes the files of all that the lab's Koji has; RPMs are those of the samples. */
export async function layOut({ koji, topDir }: Pick<KojiLab, 'koji' | 'topDir'>): Promise<void> {
  const put = async (path: string, file = basename(path)): Promise<void> => {
    await mkdir(dirname(join(topDir, path)), { recursive: true });
    await copyFile(join(topDir, 'rpms', file), join(topDir, path));
  };
  for (const build of koji.builds.values()) {
    const { name, version, release } = build;
    for (const rpm of build.rpms) {
      await put(
        join('packages', name, version, release, rpm.arch, `${rpm.name}-${version}-${release}.${rpm.arch}.rpm`),
      );
      for (const key of rpm.sigkeys) await put(signedPath(build, rpm, key));
    }
    await putArchives(build, join(topDir, 'packages', name, version, release, 'files'));
  }
  for (const { result } of koji.tasks.values()) {
    const files = isStruct(result) ? [result['rpms'], result['srpms']].flat() : [];
    for (const file of files) if (typeof file === 'string') await put(join('work', file));
  }
}

async function putArchives({ archives, extra }: FakeBuild, directory: string): Promise<void> {
  const typeinfo = isStruct(extra)
    ? (extra['typeinfo'] as { readonly module?: { readonly modulemd_str: string } })
    : null;
  for (const { type, filename } of archives) {
    await mkdir(join(directory, type), { recursive: true });
    await writeFile(join(directory, type, filename), typeinfo?.module?.modulemd_str ?? '');
  }
}
