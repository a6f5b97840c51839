// The thread that reads the metadata of the repositories of one arch: verifies each file against repomd.xml, parses
// primary.xml, checks where each package is, and writes one index for each repository.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { encodePackage, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { algorithmOf } from '../../upstreams/http/checksum.ts';
import { decompress, MAX_OPEN_BYTES, TooLarge } from './decompress.ts';
import { filelistsParser, isInPrimary } from './filelists.ts';
import { LocalFiles, refuseHref } from './href.ts';
import type { MetadataParser } from './metadata-parser.ts';
import { primaryParser } from './primary.ts';
import type { MetadataFile } from './repomd.ts';

export interface IndexTask {
  readonly repositories: readonly {
    /** As the request names it, for messages. */
    readonly location: string;
    /** Holds repodata/; without symbolic links. */
    readonly metadataDirectory: string;
    readonly files: readonly MetadataFile[];
    /** The packages are below `metadataDirectory`, and are checked. */
    readonly isLocal: boolean;
    /** The index to write. */
    readonly output: string;
  }[];
  /** File paths to keep besides those that packages require; null for none. */
  readonly keepFiles: { readonly pattern: string; readonly arches: readonly string[] } | null;
}

/** The number of packages of each repository. */
export type IndexResult = Answer<readonly number[]>;

type Repository = IndexTask['repositories'][number];
type FileFilter = (path: string, arch: string) => boolean;

const MAX_PACKED_BYTES = 1024 ** 3;
const MAX_PACKAGES = 1_000_000;

/** Ends the task with INVALID_SOURCE. */
class InvalidRepository extends Error {}

await serveThread(async (task: IndexTask): Promise<IndexResult> => {
  try {
    return { value: await indexAll(task) };
  } catch (error) {
    if (error instanceof InvalidRepository) return invalidSource(error.message);
    throw error;
  }
});

async function indexAll({ repositories, keepFiles }: IndexTask): Promise<readonly number[]> {
  const lists: RpmPackage[][] = [];
  for (const repository of repositories) lists.push(await readPackages(repository));
  const isWanted = fileFilter(lists, keepFiles);
  for (const [index, repository] of repositories.entries()) {
    const packages = lists[index] ?? [];
    verifyOthers(repository);
    await addFiles(repository, packages, isWanted);
    writeIndex(repository.output, packages);
  }
  return lists.map((list) => list.length);
}

async function readPackages(repository: Repository): Promise<RpmPackage[]> {
  const { location, files, isLocal, metadataDirectory } = repository;
  const primary = files.find(({ type }) => type === 'primary');
  if (!primary)
    throw new InvalidRepository(
      `${location}: repodata/repomd.xml names no primary metadata: this is not a repository of packages.`,
    );
  const local = isLocal ? new LocalFiles(metadataDirectory) : null;
  const packages: RpmPackage[] = [];
  const parser = primaryParser((pkg) => {
    if (packages.push(pkg) > MAX_PACKAGES) return `lists more than ${MAX_PACKAGES} packages`;
    return refusePackage(pkg, local);
  });
  await parse(repository, primary, parser);
  return packages;
}

function refusePackage({ name, href, checksumType, sizeBytes }: RpmPackage, local: LocalFiles | null): string | null {
  if (!algorithmOf(checksumType)) return `has a checksum of the unsupported type “${checksumType}” for ${name}`;
  const found = local ? local.find(href) : refuseHref(href);
  if (typeof found === 'string') return `points to ${name} at “${href}”: ${found}`;
  return found && found.sizeBytes !== sizeBytes
    ? `gives ${sizeBytes} bytes for ${href}, which has ${found.sizeBytes}: the package is truncated, or the metadata is old`
    : null;
}

/** Accepts paths that a package requires and primary.xml does not list, and those of `keepFiles`. Null: no path at all. */
function fileFilter(lists: readonly RpmPackage[][], keepFiles: IndexTask['keepFiles']): FileFilter | null {
  const required = new Set<string>();
  for (const list of lists) {
    for (const { requires } of list) {
      for (const requirement of requires) {
        if (!requirement.includes('/')) continue;
        for (const word of requirement.split(/[\s()]+/))
          if (word.startsWith('/') && !isInPrimary(word)) required.add(word);
      }
    }
  }
  if (keepFiles === null) return required.size === 0 ? null : (path) => required.has(path);
  const pattern = new RegExp(keepFiles.pattern);
  const arches = new Set(keepFiles.arches);
  return (path, arch) => required.has(path) || (arches.has(arch) && !isInPrimary(path) && pattern.test(path));
}

async function addFiles(
  repository: Repository,
  packages: readonly RpmPackage[],
  isWanted: FileFilter | null,
): Promise<void> {
  const filelists = repository.files.find(({ type }) => type === 'filelists');
  if (!isWanted || !filelists) return;
  const byChecksum = new Map(packages.map((pkg) => [pkg.checksum, pkg.files as string[]]));
  const parser = filelistsParser(isWanted, (checksum, path) => byChecksum.get(checksum)?.push(path));
  await parse(repository, filelists, parser);
}

/** createrepo_c will read the files that are not parsed here. */
function verifyOthers(repository: Repository): void {
  if (!repository.isLocal) return;
  for (const file of repository.files) if (file.type !== 'primary') verifiedBytes(repository, file);
}

async function parse(repository: Repository, file: MetadataFile, parser: MetadataParser): Promise<void> {
  const subject = `${repository.location}: ${file.href}`;
  const packed = verifiedBytes(repository, file);
  const decoder = new TextDecoder('utf-8');
  try {
    for await (const chunk of decompress(packed, Math.min(file.openSizeBytes ?? MAX_OPEN_BYTES, MAX_OPEN_BYTES))) {
      parser.write(decoder.decode(chunk, { stream: true }));
      if (parser.problem !== null) break;
    }
    parser.close();
  } catch (error) {
    if (error instanceof TooLarge)
      throw new InvalidRepository(`${subject} ${error.message}, more than repomd.xml gives.`, { cause: error });
    const reason = (error as Error).message;
    const message = `${subject} cannot be unpacked (${reason}): it is damaged or truncated.`;
    throw new InvalidRepository(message, { cause: error });
  }
  if (parser.problem !== null) throw new InvalidRepository(`${subject} ${parser.problem}.`);
}

/** The file is read once, so that the verified bytes are those that are parsed. */
function verifiedBytes({ location, metadataDirectory }: Repository, file: MetadataFile): Buffer {
  const subject = `${location}: ${file.href}`;
  const found = new LocalFiles(metadataDirectory).find(file.href);
  if (typeof found === 'string')
    throw new InvalidRepository(`${location}: repomd.xml points to ${file.href}: ${found}.`);
  if (found.sizeBytes > MAX_PACKED_BYTES)
    throw new InvalidRepository(`${subject} is larger than ${MAX_PACKED_BYTES} bytes.`);
  const bytes = readFileSync(found.path);
  if (file.sizeBytes !== null && bytes.length !== file.sizeBytes)
    throw new InvalidRepository(
      `${subject} has ${bytes.length} bytes, and ${file.sizeBytes} by repomd.xml: it is truncated, or being rewritten.`,
    );
  const hash = createHash(algorithmOf(file.checksumType) ?? 'sha256');
  if (hash.update(bytes).digest('hex') !== file.checksum)
    throw new InvalidRepository(`${subject} does not have the ${file.checksumType} checksum of repomd.xml.`);
  return bytes;
}

function writeIndex(path: string, packages: readonly RpmPackage[]): void {
  const file = openSync(path, 'w');
  try {
    for (let start = 0; start < packages.length; start += 1_000) {
      const lines = packages.slice(start, start + 1_000).map((pkg) => `${encodePackage(pkg)}\n`);
      writeSync(file, lines.join(''));
    }
  } finally {
    closeSync(file);
  }
}
