// Makes a repository's metadata readable: a local one is read in place; of a remote one, repomd.xml and the files that it
// names are fetched to scratch. Only repomd.xml is parsed here.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure } from '../../compose/failure.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { invalidSource, type Answer, type Failed } from '../../upstreams/answer.ts';
import { fetchFile } from '../../upstreams/http/fetch-file.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import { isAbsent } from '../../upstreams/http/problem.ts';
import { LocalFiles, NO_SUCH_FILE } from './href.ts';
import { resolveLocalDirectory } from './local-directory.ts';
import { MAX_REPOMD_BYTES, parseRepomd, type MetadataFile, type Repomd } from './repomd.ts';

export interface FoundRepository extends Repomd {
  /** As opened: an absolute path without symbolic links, or a URL with a slash at its end. */
  readonly location: string;
  readonly isLocal: boolean;
  readonly repomdSha256: string;
  readonly metadataDirectory: string;
  /** The metadata files that are read. Those of a local repository are not verified yet. */
  readonly needed: readonly MetadataFile[];
}

interface OpenContext {
  /** Directories that local repositories may lie below. */
  readonly repoRoots: readonly string[];
  readonly client: HttpClient;
  /** In place of the client's. */
  readonly retry?: RetryPolicy | undefined;
  /** Of this repository only. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

type Opened = Answer<FoundRepository>;

/** Read by createrepo_c and by the selection of packages; comps, modules and databases are not used. */
const NEEDED = ['primary', 'filelists', 'other'];
const MAX_METADATA_BYTES = 1024 ** 3;
const REPOMD = 'repodata/repomd.xml';

export async function openRepository(location: string, context: OpenContext): Promise<Opened> {
  const opened = await readRepomd(location, context);
  if ('failure' in opened || opened.value.isLocal) return opened;
  return (await fetchNeeded(opened.value, context)) ?? opened;
}

/** Fetches nothing but repomd.xml. */
export async function readRepomd(location: string, context: OpenContext): Promise<Opened> {
  return location.startsWith('/') ? await openLocal(location, context) : await openRemote(location, context);
}

/** Metadata that createrepo_c wrote to `directory`, of packages that are elsewhere. */
export async function openCreated(directory: string): Promise<Opened> {
  const repomd = await readFile(join(directory, REPOMD));
  return describe(directory, { location: directory, isLocal: false, metadataDirectory: directory }, repomd);
}

async function openLocal(location: string, { repoRoots }: OpenContext): Promise<Opened> {
  const resolved = await resolveLocalDirectory(location, repoRoots);
  if ('failure' in resolved) return resolved;
  const directory = resolved.value;
  const found = new LocalFiles(directory).find(REPOMD);
  if (found === NO_SUCH_FILE)
    return invalidSource(
      `${location} is not a repository: it has no ${REPOMD}. Run createrepo_c there, or give the directory that holds repodata/.`,
    );
  if (typeof found === 'string') return invalidSource(`${location}: ${REPOMD}: ${found}.`);
  if (found.sizeBytes > MAX_REPOMD_BYTES)
    return invalidSource(
      `${location}: ${REPOMD} is larger than ${MAX_REPOMD_BYTES} bytes, which repository metadata is not.`,
    );
  const file = await open(found.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const place = { location: directory, isLocal: true, metadataDirectory: directory };
    return describe(location, place, await file.readFile());
  } finally {
    await file.close();
  }
}

async function openRemote(location: string, { client, retry, scratch, signal }: OpenContext): Promise<Opened> {
  const base = URL.parse(location.endsWith('/') || location.includes('?') ? location : `${location}/`);
  if (!base) return invalidSource(`${location} is not a valid URL.`);
  const to = join(scratch, REPOMD);
  await mkdir(dirname(to), { recursive: true });
  const url = below(base, REPOMD);
  const problem = await fetchFile({ client, retry, signal, url, to, maxBytes: MAX_REPOMD_BYTES, expected: null });
  if (problem) return isAbsent(problem.status) ? notARepository(location, problem) : { failure: problem.failure };
  return describe(location, { location: base.href, isLocal: false, metadataDirectory: scratch }, await readFile(to));
}

async function fetchNeeded(
  { location, needed }: FoundRepository,
  { client, retry, scratch, signal }: OpenContext,
): Promise<Failed | null> {
  const base = new URL(location);
  const problems = await Promise.all(
    needed.map(async (file) => {
      const to = join(scratch, file.href);
      await mkdir(dirname(to), { recursive: true });
      const url = below(base, file.href);
      return await fetchFile({ client, retry, signal, url, to, maxBytes: MAX_METADATA_BYTES, expected: file });
    }),
  );
  const first = problems.find((problem) => problem !== null);
  return first ? { failure: first.failure } : null;
}

function notARepository(location: string, { failure: { code, message, details } }: Failed): Failed {
  return { failure: failure(code, `${location} is not a repository: ${message}`, details) };
}

function describe(
  asked: string,
  place: Pick<FoundRepository, 'location' | 'isLocal' | 'metadataDirectory'>,
  repomd: Buffer,
): Opened {
  const parsed = parseRepomd(repomd.toString('utf8'), asked);
  if ('failure' in parsed) return parsed;
  const { files, revision } = parsed.value;
  const repomdSha256 = createHash('sha256').update(repomd).digest('hex');
  return {
    value: { ...place, repomdSha256, revision, files, needed: NEEDED.flatMap((type) => files.get(type) ?? []) },
  };
}

/** A file of a repository. A query in the repository's URL, e.g. a token, applies to its files as well. */
function below(base: URL, href: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}/${href.split('/').map(encodeURIComponent).join('/')}`;
  return url;
}
