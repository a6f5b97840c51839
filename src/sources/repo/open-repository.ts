// Brings a repository's metadata within reach: a local one is read in place, of a remote one repomd.xml and the files it
// names are fetched to scratch. Nothing is parsed here but repomd.xml.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { invalid, resolveLocal, type RepoBounds } from '../../upstreams/http/address-guard.ts';
import { fetchFile } from '../../upstreams/http/fetch-file.ts';
import { LocalFiles } from './href.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import { MAX_REPOMD_BYTES, parseRepomd, type MetadataFile, type Repomd } from './repomd.ts';

export interface FoundRepository extends Repomd {
  /** As opened: an absolute path after realpath, or a URL with a trailing slash. */
  readonly location: string;
  readonly isLocal: boolean;
  readonly repomdSha256: string;
  readonly metadataDirectory: string;
  /** The files that are read: there, but not verified where the repository is local. */
  readonly needed: readonly MetadataFile[];
}

export interface OpenContext {
  readonly bounds: RepoBounds;
  readonly client: HttpClient;
  readonly retry: RetryPolicy;
  /** A directory of this repository's own. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

type Opened = { readonly found: FoundRepository } | { readonly failure: ComposeFailure };

/** Those that createrepo_c and the gathering read; the others (comps, modules, databases) are not used. */
const NEEDED = ['primary', 'filelists', 'other'];
const MAX_METADATA_BYTES = 1024 ** 3;

export async function openRepository(location: string, context: OpenContext): Promise<Opened> {
  const described = await readRepomd(location, context);
  if ('failure' in described || described.found.isLocal) return described;
  return (await fetchNeeded(described.found, context)) ?? described;
}

/** As far as repomd.xml tells: of a remote repository nothing else is fetched. */
export async function readRepomd(location: string, context: OpenContext): Promise<Opened> {
  return location.startsWith('/') ? await openLocal(location, context) : await openRemote(location, context);
}

/** Metadata that was made here, of packages that lie elsewhere. */
export async function openMade(directory: string): Promise<Opened> {
  return described(directory, directory, false, directory, await readFile(join(directory, 'repodata', 'repomd.xml')));
}

async function openLocal(location: string, { bounds }: OpenContext): Promise<Opened> {
  const resolved = await resolveLocal(location, bounds);
  if ('failure' in resolved) return resolved;
  const { directory } = resolved;
  const found = new LocalFiles(directory).find('repodata/repomd.xml');
  if (typeof found === 'string') {
    return found === 'there is no such file'
      ? invalid(
          `${location} is not a repository: it holds no repodata/repomd.xml; run createrepo_c there, or give the directory that holds repodata/`,
        )
      : invalid(`${location}: repodata/repomd.xml: ${found}`);
  }
  if (found.sizeBytes > MAX_REPOMD_BYTES)
    return invalid(
      `${location}: repodata/repomd.xml is larger than ${MAX_REPOMD_BYTES} bytes: not repository metadata`,
    );
  const file = await open(found.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return described(location, directory, true, directory, await file.readFile());
  } finally {
    await file.close();
  }
}

async function openRemote(location: string, context: OpenContext): Promise<Opened> {
  const { client, retry, scratch, signal } = context;
  const base = URL.parse(location.endsWith('/') || location.includes('?') ? location : `${location}/`);
  if (!base) return invalid(`${location} is not a valid URL`);
  const to = join(scratch, 'repodata', 'repomd.xml');
  await mkdir(dirname(to), { recursive: true });
  const failure = await fetchFile({
    client,
    retry,
    signal,
    url: below(base, 'repodata/repomd.xml'),
    to,
    maxBytes: MAX_REPOMD_BYTES,
    expected: null,
  });
  if (failure)
    return { failure: failure.message.startsWith('There is nothing at') ? notARepository(location, failure) : failure };
  return described(location, base.href, false, scratch, await readFile(to));
}

async function fetchNeeded(
  { location, needed }: FoundRepository,
  { client, retry, scratch, signal }: OpenContext,
): Promise<{ readonly failure: ComposeFailure } | null> {
  const base = new URL(location);
  const failures = await Promise.all(
    needed.map(async (file) => {
      const path = join(scratch, file.href);
      await mkdir(dirname(path), { recursive: true });
      return await fetchFile({
        client,
        retry,
        signal,
        url: below(base, file.href),
        to: path,
        maxBytes: MAX_METADATA_BYTES,
        expected: file,
      });
    }),
  );
  const first = failures.find((problem) => problem !== null);
  return first ? { failure: first } : null;
}

function notARepository(location: string, { code, retryable, details, message }: ComposeFailure): ComposeFailure {
  return { code, retryable, details, message: `${location} is not a repository: ${message}` };
}

function described(
  location: string,
  opened: string,
  isLocal: boolean,
  metadataDirectory: string,
  bytes: Buffer,
): Opened {
  const parsed = parseRepomd(bytes.toString('utf8'), location);
  if ('failure' in parsed) return parsed;
  const { files, revision } = parsed.repomd;
  const repomdSha256 = createHash('sha256').update(bytes).digest('hex');
  const needed = NEEDED.flatMap((type) => files.get(type) ?? []);
  return { found: { location: opened, isLocal, repomdSha256, metadataDirectory, revision, files, needed } };
}

/** A file of a repository, whose location may carry a query (a token, say) that its files need as well. */
export function below(base: URL, href: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}/${href.split('/').map(encodeURIComponent).join('/')}`;
  return url;
}
