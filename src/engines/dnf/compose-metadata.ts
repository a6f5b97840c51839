// The files that describe a compose, like Pungi writes them: metadata/*.json in productmd 1.2, and .treeinfo, .discinfo and
// media.repo in each tree that can be installed from.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compose } from '../../compose/compose.ts';
import { composeInfo, productmdDocument, productmdJson, VARIANT } from '../../compose/productmd.ts';
import { ownRelease, type PungiIdentity } from '../../compose/pungi-identity.ts';
import { treeOf, treesOf, type Tree } from '../shared/layout.ts';
import { writeRpmsJson } from '../shared/rpms-json.ts';

interface DescribedCompose {
  readonly compose: Compose;
  readonly identity: PungiIdentity;
  /** The compose's `compose/` directory. */
  readonly target: string;
  /** Time of the compose in .treeinfo and .discinfo. */
  readonly at: Date;
}

/** `manifestParts`: files with the parts of rpms.json, in the order of the arches. */
export async function writeComposeMetadata(
  described: DescribedCompose,
  manifestParts: readonly string[],
): Promise<void> {
  const { compose, identity, target } = described;
  const directory = join(target, 'metadata');
  await mkdir(directory, { recursive: true });
  const info = composeInfo(compose, identity, ownRelease(compose.id), { [VARIANT]: variant(compose.arches) });
  await writeFile(join(directory, 'composeinfo.json'), productmdJson(info));
  const modules = productmdDocument('modules', compose, identity, { modules: {} });
  await writeFile(join(directory, 'modules.json'), productmdJson(modules));
  const rpms = productmdDocument('rpms', compose, identity, { rpms: {} });
  await writeRpmsJson(join(directory, 'rpms.json'), rpms, manifestParts);
  for (const tree of treesOf(compose.arches)) {
    const root = join(target, tree.path);
    await mkdir(join(root, 'Packages'), { recursive: true });
    if (tree.category !== 'debug') await writeTreeFiles(root, tree, described);
  }
}

function variant(unsorted: readonly string[]): object {
  const arches = unsorted.toSorted();
  const pathsOf = (category: Tree['category'], below = '') =>
    Object.fromEntries(arches.map((arch) => [arch, `${treeOf(category, arch).path}${below}`]));
  const paths = {
    debug_packages: pathsOf('debug', '/Packages'),
    debug_repository: pathsOf('debug'),
    debug_tree: pathsOf('debug'),
    os_tree: pathsOf('binary'),
    packages: pathsOf('binary', '/Packages'),
    repository: pathsOf('binary'),
    source_packages: pathsOf('source', '/Packages'),
    source_repository: pathsOf('source'),
    source_tree: pathsOf('source'),
  };
  return { arches, id: VARIANT, name: VARIANT, paths, type: 'variant', uid: VARIANT };
}

async function writeTreeFiles(root: string, tree: Tree, { identity, at }: DescribedCompose): Promise<void> {
  const arch = tree.arch ?? 'src';
  const name = `${identity.releaseShort} ${identity.releaseVersion}`;
  const seconds = Math.floor(at.getTime() / 1000);
  // Python's time.time() has microseconds.
  const timestamp = `${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}000`;
  await writeFile(join(root, '.discinfo'), `${timestamp}\n${name}\n${arch}\nALL\n`);
  await writeFile(
    join(root, 'media.repo'),
    `[InstallMedia]\nname=${name}\nmediaid=${timestamp}\nmetadata_expire=-1\ngpgcheck=0\ncost=500\n`,
  );
  await writeFile(join(root, '.treeinfo'), treeInfo(arch, name, identity, seconds));
}

function treeInfo(
  arch: string,
  name: string,
  { releaseShort: short, releaseVersion: version }: PungiIdentity,
  seconds: number,
): string {
  return [
    '[general]',
    '; WARNING.0 = This section provides compatibility with pre-productmd treeinfos.',
    '; WARNING.1 = Read productmd documentation for details about new format.',
    `arch = ${arch}\nfamily = ${short}\nname = ${name}\npackagedir = Packages\nplatforms = ${arch}\nrepository = .`,
    `timestamp = ${seconds}\nvariant = ${VARIANT}\nvariants = ${VARIANT}\nversion = ${version}\n`,
    '[header]\ntype = productmd.treeinfo\nversion = 1.2\n',
    `[release]\nname = ${short}\nshort = ${short}\nversion = ${version}\n`,
    `[tree]\narch = ${arch}\nbuild_timestamp = ${seconds}\nplatforms = ${arch}\nvariants = ${VARIANT}\n`,
    `[variant-${VARIANT}]\nid = ${VARIANT}\nname = ${VARIANT}\npackages = Packages\nrepository = .\ntype = variant\nuid = ${VARIANT}\n\n`,
  ].join('\n');
}
