// The files that describe a compose, as Pungi writes them: compose/metadata/*.json in productmd's form 1.2, and in each
// tree that can be installed from .treeinfo, .discinfo and media.repo.

import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compose } from '../../compose/compose.ts';
import type { PungiIdentity } from '../../compose/pungi-identity.ts';
import { treeOf, treesOf, VARIANT, type Tree } from '../shared/layout.ts';

export interface DescribedCompose {
  readonly compose: Compose;
  readonly identity: PungiIdentity;
  /** The compose's compose/. */
  readonly target: string;
  readonly at: Date;
}

/** `manifests`: the parts of rpms.json, in the order of the arches. */
export async function writeMetadata(described: DescribedCompose, manifests: readonly string[]): Promise<void> {
  const directory = join(described.target, 'metadata');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'composeinfo.json'), json(composeInfo(described)));
  await writeFile(join(directory, 'modules.json'), json(document(described, 'modules', { modules: {} })));
  await writeRpms(join(directory, 'rpms.json'), described, manifests);
  for (const tree of treesOf(described.compose.arches)) {
    const root = join(described.target, tree.path);
    await mkdir(join(root, 'Packages'), { recursive: true });
    if (tree.category !== 'debug') await describeTree(root, tree, described);
  }
}

/** Put together from pieces that are written as they are read: it may be large. */
async function writeRpms(path: string, described: DescribedCompose, manifests: readonly string[]): Promise<void> {
  const [head = '', tail = ''] = json(document(described, 'rpms', { rpms: {} })).split('"rpms": {}');
  const file = await open(path, 'w');
  try {
    await file.write(`${head}"rpms": {`);
    let written = 0;
    for (const manifest of manifests) {
      const part = await readFile(manifest);
      if (part.length === 0) continue;
      await file.write(written++ === 0 ? `\n            "${VARIANT}": {\n` : ',\n');
      await file.write(part);
    }
    await file.write(written === 0 ? `}${tail}` : `\n            }\n        }${tail}`);
  } finally {
    await file.close();
  }
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 4);
}

function document(described: DescribedCompose, kind: string, payload: object) {
  return {
    header: { type: `productmd.${kind}`, version: '1.2' },
    payload: { compose: composeHeader(described), ...payload },
  };
}

function composeHeader({ identity, compose }: DescribedCompose) {
  const { date, id, respin } = identity;
  const type = compose.composeType.toLowerCase();
  return compose.label === null
    ? { date, id, respin, type }
    : { date, final: false, id, label: compose.label, respin, type };
}

function composeInfo(described: DescribedCompose) {
  const { releaseShort: short, releaseVersion: version } = described.identity;
  const arches = described.compose.arches.toSorted();
  const perArch = (path: (arch: string) => string) => Object.fromEntries(arches.map((arch) => [arch, path(arch)]));
  const tree = (category: Tree['category'], below = '') => perArch((arch) => `${treeOf(category, arch).path}${below}`);
  const paths = {
    debug_packages: tree('debug', '/Packages'),
    debug_repository: tree('debug'),
    debug_tree: tree('debug'),
    os_tree: tree('binary'),
    packages: tree('binary', '/Packages'),
    repository: tree('binary'),
    source_packages: tree('source', '/Packages'),
    source_repository: tree('source'),
    source_tree: tree('source'),
  };
  return document(described, 'composeinfo', {
    release: { internal: false, name: short, short, type: 'ga', version },
    variants: { [VARIANT]: { arches, id: VARIANT, name: VARIANT, paths, type: 'variant', uid: VARIANT } },
  });
}

async function describeTree(root: string, tree: Tree, { identity, at }: DescribedCompose): Promise<void> {
  const arch = tree.arch ?? 'src';
  const name = `${identity.releaseShort} ${identity.releaseVersion}`;
  const time = `${Math.floor(at.getTime() / 1000)}.${String(at.getMilliseconds()).padStart(3, '0')}000`;
  await writeFile(join(root, '.discinfo'), `${time}\n${name}\n${arch}\nALL\n`);
  await writeFile(
    join(root, 'media.repo'),
    `[InstallMedia]\nname=${name}\nmediaid=${time}\nmetadata_expire=-1\ngpgcheck=0\ncost=500\n`,
  );
  await writeFile(join(root, '.treeinfo'), treeInfo(arch, name, identity, Math.floor(at.getTime() / 1000)));
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
