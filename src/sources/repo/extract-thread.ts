// The thread that cuts a repository's metadata down to some of its packages, under their new locations, so that
// createrepo_c does not read these packages. What is not in the form that createrepo_c writes is left out; createrepo_c then
// reads the package.

import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { algorithmOf } from '../../upstreams/http/checksum.ts';
import { decompress, MAX_OPEN_BYTES } from './decompress.ts';
import { LocalFiles } from './href.ts';
import { parseRepomd, type MetadataFile } from './repomd.ts';

export interface ExtractTask {
  readonly metadataDirectory: string;
  readonly repomdSha256: string;
  /** A file with one line for each package: a JSON array of checksum, location in the repository, new location. */
  readonly packages: string;
  /** The directory that repodata/ is written to. */
  readonly to: string;
}

interface Wanted {
  readonly checksum: string;
  /** Location in the repository. */
  readonly from: string;
  /** New location. */
  readonly to: string;
}

const END = '</package>';
const HEADS = {
  primary: 'metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"',
  filelists: 'filelists xmlns="http://linux.duke.edu/metadata/filelists"',
  other: 'otherdata xmlns="http://linux.duke.edu/metadata/other"',
} as const;
/** createrepo_c writes no package that is longer. */
const MAX_PACKAGE_CHARACTERS = 64 * 1024 * 1024;

await serveThread(async (task: ExtractTask): Promise<boolean> => {
  const files = unchangedFiles(task);
  if (!files) return false;
  const wanted = readFileSync(task.packages, 'utf8').split('\n').filter(Boolean).map(decode);
  const byLocation = new Map(wanted.map((pkg) => [pkg.from, pkg]));
  const checksums = new Set(wanted.map(({ checksum }) => checksum));
  const repodata = join(task.to, 'repodata');
  mkdirSync(repodata, { recursive: true });
  const written: string[] = [];
  for (const type of ['primary', 'filelists', 'other'] as const) {
    const packed = verifiedBytes(task.metadataDirectory, files.get(type));
    if (!packed) return false;
    const pick =
      type === 'primary'
        ? (xml: string) => relocated(xml, byLocation)
        : (xml: string) => (checksums.has(pkgid(xml)) ? xml : null);
    written.push(await cut(packed, type, wanted.length, pick, repodata));
  }
  writeFileSync(
    join(repodata, 'repomd.xml'),
    `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${written.join('')}</repomd>\n`,
  );
  return true;
});

function decode(line: string): Wanted {
  const [checksum, from, to] = JSON.parse(line) as [string, string, string];
  return { checksum, from, to };
}

/** Null if the repository has changed since it was opened. */
function unchangedFiles({ metadataDirectory, repomdSha256 }: ExtractTask): ReadonlyMap<string, MetadataFile> | null {
  const repomd = readFileSync(join(metadataDirectory, 'repodata', 'repomd.xml'));
  if (createHash('sha256').update(repomd).digest('hex') !== repomdSha256) return null;
  const parsed = parseRepomd(repomd.toString('utf8'), metadataDirectory);
  return 'failure' in parsed ? null : parsed.value.files;
}

function verifiedBytes(metadataDirectory: string, file: MetadataFile | undefined): Buffer | null {
  const found = file && new LocalFiles(metadataDirectory).find(file.href);
  if (!found || typeof found === 'string') return null;
  const bytes = readFileSync(found.path);
  return createHash(algorithmOf(file.checksumType) ?? 'sha256')
    .update(bytes)
    .digest('hex') === file.checksum
    ? bytes
    : null;
}

/** Writes the packages that `pick` answers a text for. Answers the entry for repomd.xml. */
async function cut(
  packed: Buffer,
  type: keyof typeof HEADS,
  count: number,
  pick: (xml: string) => string | null,
  repodata: string,
): Promise<string> {
  const href = `${type}.xml`;
  const hash = createHash('sha256');
  const file = openSync(join(repodata, href), 'w');
  let size = 0;
  const write = (text: string) => {
    const bytes = Buffer.from(text);
    hash.update(bytes);
    size += bytes.length;
    writeSync(file, bytes);
  };
  try {
    write(`<?xml version="1.0" encoding="UTF-8"?>\n<${HEADS[type]} packages="${count}">\n`);
    for await (const xmls of packagesIn(packed)) {
      const picked = xmls.map(pick).filter((xml) => xml !== null);
      if (picked.length > 0) write(`${picked.join('\n')}\n`);
    }
    write(`</${HEADS[type].split(' ')[0]}>\n`);
  } finally {
    closeSync(file);
  }
  const checksum = hash.digest('hex');
  return `<data type="${type}"><checksum type="sha256">${checksum}</checksum><open-checksum type="sha256">${checksum}</open-checksum><location href="repodata/${href}"/><timestamp>1</timestamp><size>${size}</size><open-size>${size}</open-size></data>`;
}

/** The texts of the packages, as many at a time as end in one chunk. */
async function* packagesIn(packed: Buffer): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of decompress(packed, MAX_OPEN_BYTES)) {
    const text = rest + decoder.decode(chunk, { stream: true });
    const whole: string[] = [];
    let at = 0;
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END, at)) {
      const start = text.indexOf('<package ', at);
      if (start >= 0 && start < end) whole.push(text.slice(start, end + END.length));
      at = end + END.length;
    }
    rest = text.slice(at);
    if (rest.length > MAX_PACKAGE_CHARACTERS) return;
    if (whole.length > 0) yield whole;
  }
}

function pkgid(xml: string): string {
  return /^<package pkgid="([0-9a-f]+)"/.exec(xml)?.[1] ?? '';
}

function relocated(xml: string, byLocation: ReadonlyMap<string, Wanted>): string | null {
  const location = /<location\s+href="([^"]*)"\s*\/>/.exec(xml);
  const wanted = byLocation.get(unescape(location?.[1] ?? ''));
  if (!location || !wanted || !xml.includes(`>${wanted.checksum}</checksum>`)) return null;
  return `${xml.slice(0, location.index)}<location href="${escape(wanted.to)}"/>${xml.slice(location.index + location[0].length)}`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function unescape(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
