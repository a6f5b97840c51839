// The thread that reads the metadata of the repositories of one arch: verifies each file against repomd.xml, parses
// primary.xml, checks where every package lies, and writes one index per repository.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { encodePackage, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { algorithmOf } from '../../upstreams/http/checksum.ts';
import { decompress, MAX_OPEN_BYTES, TooLarge } from './decompress.ts';
import { isInPrimary, readFilelists } from './filelists.ts';
import { LocalFiles, refuseHref } from './href.ts';
import { readPrimary } from './primary.ts';
import type { MetadataFile } from './repomd.ts';

export interface IndexTask {
  readonly repositories: readonly {
    /** As the requester wrote it, for messages. */
    readonly location: string;
    /** Holds repodata/; after realpath. */
    readonly metadataDirectory: string;
    readonly files: readonly MetadataFile[];
    /** The packages lie below `metadataDirectory`, and are looked at. */
    readonly isLocal: boolean;
    readonly output: string;
  }[];
  /** Further files to keep; null = only those that are required. */
  readonly keepFiles: { readonly pattern: string; readonly arches: readonly string[] } | null;
}

export type IndexResult = { readonly failure: ComposeFailure } | { readonly packages: readonly number[] };

type Repository = IndexTask['repositories'][number];
type FileFilter = (path: string, arch: string) => boolean;

const MAX_PACKED_BYTES = 1024 ** 3;
const MAX_PACKAGES = 1_000_000;

class Fault extends Error {}

await serveThread(async (task: IndexTask): Promise<IndexResult> => {
  try {
    const lists: RpmPackage[][] = [];
    for (const repository of task.repositories) lists.push(await readPackages(repository));
    const isWanted = wantedFiles(lists, task.keepFiles);
    for (const [index, repository] of task.repositories.entries()) {
      const packages = lists[index] ?? [];
      verifyOthers(repository);
      await addFiles(repository, packages, isWanted);
      writeIndex(repository.output, packages);
    }
    return { packages: lists.map((list) => list.length) };
  } catch (error) {
    if (error instanceof Fault) return { failure: failure('INVALID_SOURCE', error.message) };
    throw error;
  }
});

async function readPackages(repository: Repository): Promise<RpmPackage[]> {
  const { location, files, isLocal, metadataDirectory } = repository;
  const primary = files.find(({ type }) => type === 'primary');
  if (!primary)
    throw new Fault(`${location}: repodata/repomd.xml names no primary metadata: this is not a repository of packages`);
  const local = isLocal ? new LocalFiles(metadataDirectory) : null;
  const packages: RpmPackage[] = [];
  const reader = readPrimary((pkg) => {
    if (packages.push(pkg) > MAX_PACKAGES) return `lists more than ${MAX_PACKAGES} packages`;
    if (!algorithmOf(pkg.checksumType))
      return `has a checksum of type “${pkg.checksumType}” for ${pkg.name}, which is not supported`;
    const found = local ? local.find(pkg.href) : refuseHref(pkg.href);
    if (typeof found === 'string') return `points to ${pkg.name} at “${pkg.href}”: ${found}`;
    if (found && found.sizeBytes !== pkg.sizeBytes)
      return `tells ${pkg.sizeBytes} bytes for ${pkg.href}, which has ${found.sizeBytes}: the package is truncated, or the metadata is old`;
    return null;
  });
  await feed(repository, primary, reader);
  return packages;
}

/** Those that a package requires and that primary.xml does not tell of, and those that match `keepFiles`. */
function wantedFiles(lists: readonly RpmPackage[][], keepFiles: IndexTask['keepFiles']): FileFilter | null {
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
  await feed(
    repository,
    filelists,
    readFilelists(isWanted, (checksum, path) => byChecksum.get(checksum)?.push(path)),
  );
}

/** What is not parsed is checked all the same: createrepo_c will read it. */
function verifyOthers(repository: Repository): void {
  if (!repository.isLocal) return;
  for (const file of repository.files) if (file.type !== 'primary') verified(repository, file);
}

async function feed(
  repository: Repository,
  file: MetadataFile,
  reader: { write(text: string): void; problem(): string | null; close(): void },
): Promise<void> {
  const packed = verified(repository, file);
  const decoder = new TextDecoder('utf-8');
  try {
    for await (const chunk of decompress(packed, Math.min(file.openSizeBytes ?? MAX_OPEN_BYTES, MAX_OPEN_BYTES))) {
      reader.write(decoder.decode(chunk, { stream: true }));
      if (reader.problem()) break;
    }
    reader.close();
  } catch (error) {
    if (error instanceof TooLarge)
      throw new Fault(`${repository.location}: ${file.href} ${error.message}, more than repomd.xml tells`);
    throw new Fault(
      `${repository.location}: ${file.href} cannot be unpacked (${(error as Error).message}): it is damaged or truncated`,
    );
  }
  const problem = reader.problem();
  if (problem) throw new Fault(`${repository.location}: ${file.href} ${problem}`);
}

/** The file's bytes, read once, so that what was verified is what is parsed. */
function verified({ location, metadataDirectory }: Repository, file: MetadataFile): Buffer {
  const found = new LocalFiles(metadataDirectory).find(file.href);
  if (typeof found === 'string') throw new Fault(`${location}: repomd.xml points to ${file.href}: ${found}`);
  if (found.sizeBytes > MAX_PACKED_BYTES)
    throw new Fault(`${location}: ${file.href} is larger than ${MAX_PACKED_BYTES} bytes`);
  const bytes = readFileSync(found.path);
  if (file.sizeBytes !== null && bytes.length !== file.sizeBytes) {
    throw new Fault(
      `${location}: ${file.href} has ${bytes.length} bytes where repomd.xml tells ${file.sizeBytes}: it is truncated, or being rewritten`,
    );
  }
  const checksum = createHash(algorithmOf(file.checksumType) ?? 'sha256')
    .update(bytes)
    .digest('hex');
  if (checksum !== file.checksum)
    throw new Fault(`${location}: ${file.href} does not have the ${file.checksumType} checksum that repomd.xml tells`);
  return bytes;
}

function writeIndex(path: string, packages: readonly RpmPackage[]): void {
  const file = openSync(path, 'w');
  try {
    for (let start = 0; start < packages.length; start += 1_000) {
      writeSync(
        file,
        packages
          .slice(start, start + 1_000)
          .map((pkg) => `${encodePackage(pkg)}\n`)
          .join(''),
      );
    }
  } finally {
    closeSync(file);
  }
}
