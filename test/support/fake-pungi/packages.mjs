// The fake's packages: reads a source repository, gathers a simple closure, and writes a compose. The choice of real Pungi is
// tested elsewhere, with recordings.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

export function readRepository(place) {
  if (/^https?:/.test(place)) {
    return {
      problem: 'Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried',
      hint: `  - Curl error (7): Couldn't connect to server for ${place}/repodata/repomd.xml\n`,
      packages: [],
    };
  }
  const repodata = join(place, 'repodata');
  if (!existsSync(join(repodata, 'repomd.xml')))
    return {
      problem: 'Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried',
      packages: [],
    };
  const primary = readdirSync(repodata).find((name) => /primary\.xml(\.gz|\.zst)?$/.test(name));
  if (!primary) return { problem: 'repomd.xml names no primary metadata', packages: [] };
  const bytes = readFileSync(join(repodata, primary));
  const xml = (
    primary.endsWith('.gz') ? gunzipSync(bytes) : primary.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes
  ).toString();
  return {
    packages: [...xml.matchAll(/<package type="rpm">[\s\S]*?<\/package>/g)].map(([text]) => parsePackage(text, place)),
  };
}

function parsePackage(text, place) {
  const one = (pattern) => pattern.exec(text)?.[1] ?? '';
  const names = (section) =>
    [...one(new RegExp(`<rpm:${section}>([\\s\\S]*?)</rpm:${section}>`)).matchAll(/name="([^"]*)"/g)].map((match) =>
      unescape(match[1]),
    );
  return {
    name: unescape(one(/<name>([^<]*)/)),
    arch: one(/<arch>([^<]*)/),
    epoch: one(/epoch="([^"]*)"/),
    version: one(/ver="([^"]*)"/),
    release: one(/rel="([^"]*)"/),
    sourceRpm: unescape(one(/<rpm:sourcerpm>([^<]*)/)),
    path: join(place, unescape(one(/<location[^>]*href="([^"]*)"/))),
    provides: names('provides'),
    requires: names('requires').filter((name) => !name.startsWith('rpmlib(')),
  };
}

/**
 * The requested packages and, unless `nodeps`, what they require by name; with source and debug packages. Like real Pungi, it
 * ignores a group that the variant does not name when the variant has modules.
 */
export function gather(packages, conf, arch, confDir, variants) {
  const fits = (pkg) => pkg.arch === 'noarch' || pkg.arch === arch;
  const isDebug = (pkg) => /-debug(info|source)$/.test(pkg.name);
  const binary = packages.filter((pkg) => fits(pkg) && !isDebug(pkg));
  const isGroupLeftOut = variants.includes('<modules>') && !variants.includes('<group>');
  const asked = conf.comps_file
    ? isGroupLeftOut
      ? []
      : askedIn(readFileSync(join(confDir, conf.comps_file), 'utf8'))
    : ['*'];
  const chosen = new Set();
  // Real Pungi writes the names into a kickstart file without escaping, where a hyphen excludes.
  const excluded = asked.filter((pattern) => pattern.startsWith('-')).map((pattern) => pattern.slice(1));
  const missing = asked.filter((pattern) => {
    const found = packages.filter(
      (pkg) => pkg.arch !== 'src' && fits(pkg) && globs(pattern, pkg.name) && !excluded.includes(pkg.name),
    );
    for (const pkg of found) chosen.add(pkg);
    return found.length === 0 && pattern !== '*';
  });
  const unmet = [];
  if (conf.gather_method !== 'nodeps') {
    for (const pkg of chosen) {
      const unprovided = pkg.requires.filter((requirement) => {
        const provider = binary.find(
          (candidate) => candidate.name === requirement || candidate.provides.includes(requirement),
        );
        if (provider) chosen.add(provider);
        return !provider;
      });
      if (unprovided.length > 0) unmet.push({ name: `${pkg.name}.${pkg.arch}`, requirements: unprovided });
    }
  }
  const sources = new Set([...chosen].map((pkg) => pkg.sourceRpm));
  for (const pkg of packages) if (fits(pkg) && isDebug(pkg) && sources.has(pkg.sourceRpm)) chosen.add(pkg);
  for (const pkg of packages) if (pkg.arch === 'src' && sources.has(basename(pkg.path))) chosen.add(pkg);
  return {
    packages: [...chosen].map((pkg) => ({
      ...pkg,
      category: pkg.arch === 'src' ? 'source' : isDebug(pkg) ? 'debug' : 'binary',
    })),
    missing,
    unmet,
  };
}

function askedIn(comps) {
  return [...comps.matchAll(/<packagereq>([^<]*)<\/packagereq>/g)].map((match) => unescape(match[1]));
}

function globs(pattern, name) {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  return new RegExp(`^(?:${source})$`).test(name);
}

const TREES = {
  binary: (arch) => `Temporary/${arch}/os`,
  debug: (arch) => `Temporary/${arch}/debug/tree`,
  source: () => 'Temporary/source/tree',
};

export function writeCompose({ composeDir, identity, selection, recordings }) {
  const top = join(composeDir, 'compose');
  const rpms = {};
  const trees = new Set();
  for (const [arch, { packages }] of Object.entries(selection)) {
    trees.add(TREES.binary(arch)).add(TREES.source(arch));
    for (const pkg of packages) {
      const tree = TREES[pkg.category](arch);
      trees.add(tree);
      const path = join(tree, 'Packages', pkg.name[0].toLowerCase(), basename(pkg.path));
      link(pkg.path, join(top, path));
      const source = pkg.category === 'source' ? nevra(pkg) : sourceNevra(pkg, packages);
      ((rpms[arch] ??= {})[source] ??= {})[nevra(pkg)] = { category: pkg.category, path, sigkey: null };
    }
  }
  for (const tree of trees) createRepository(join(top, tree));
  const { compose } = identity;
  const metadata = join(top, 'metadata');
  mkdirSync(metadata, { recursive: true });
  const header = (type) => ({ type: `productmd.${type}`, version: '1.2' });
  write(join(metadata, 'rpms.json'), { header: header('rpms'), payload: { compose, rpms: { Temporary: rpms } } });
  const info = JSON.parse(readFileSync(join(recordings, 'composeinfo.json'), 'utf8'));
  write(join(metadata, 'composeinfo.json'), {
    ...info,
    payload: { ...info.payload, compose, release: identity.release },
  });
  const modules = JSON.parse(readFileSync(join(recordings, 'modules.json'), 'utf8'));
  write(join(metadata, 'modules.json'), { ...modules, payload: { ...modules.payload, compose } });
}

function createRepository(directory) {
  mkdirSync(directory, { recursive: true });
  const { status } = spawnSync('createrepo_c', ['--quiet', '--no-database', directory], { stdio: 'ignore' });
  if (status === 0) return;
  mkdirSync(join(directory, 'repodata'), { recursive: true });
  writeFileSync(
    join(directory, 'repodata', 'repomd.xml'),
    '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>0</revision></repomd>\n',
  );
}

function link(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  if (existsSync(to)) return;
  try {
    linkSync(from, to);
  } catch (error) {
    if (error.code !== 'EXDEV') throw error;
    copyFileSync(from, to);
  }
}

function nevra({ name, epoch, version, release, arch }) {
  return `${name}-${epoch}:${version}-${release}.${arch}`;
}

function sourceNevra(pkg, packages) {
  const source = packages.find((candidate) => basename(candidate.path) === pkg.sourceRpm);
  const [, name, version, release] = /^(.*)-([^-]*)-([^-]*)\.src\.rpm$/.exec(pkg.sourceRpm) ?? [];
  return source ? nevra(source) : nevra({ name, epoch: '0', version, release, arch: 'src' });
}

function write(path, content) {
  writeFileSync(path, JSON.stringify(content, null, 4));
}

function unescape(text) {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
