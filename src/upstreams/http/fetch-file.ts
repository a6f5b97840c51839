// One file from http(s) into place: bounded in size, resumed by Range where the answer was cut off, tried again with
// backoff and jitter, and only renamed to its name when size and checksum are as expected.

import { createHash, type Hash } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { invalid } from './address-guard.ts';
import { connectionFailure, unavailable, type HttpAnswer, type HttpClient } from './http-client.ts';
import { algorithmOf, type Expected } from './checksum.ts';

export interface FetchOptions {
  readonly client: HttpClient;
  readonly retry: RetryPolicy;
  readonly url: URL;
  readonly to: string;
  readonly maxBytes: number;
  /** Null for repomd.xml, of which nothing is known beforehand. */
  readonly expected: Expected | null;
  readonly signal: AbortSignal;
}

/** What is there of the file, and by which validator a server can tell that the rest belongs to it. */
interface Partial {
  readonly file: FileHandle;
  hash: Hash;
  bytes: number;
  validator: string | null;
}

/** Null where the file is in place. Rejects after an abort. */
export async function fetchFile(options: FetchOptions): Promise<ComposeFailure | null> {
  const { url, to, retry: policy, signal, expected } = options;
  const algorithm = expected ? algorithmOf(expected.checksumType) : 'sha256';
  if (!algorithm) return invalid(`${url.href}: its checksum type ${expected?.checksumType} is not supported`).failure;
  const file = await open(`${to}.part`, 'w');
  try {
    const partial: Partial = { file, hash: createHash(algorithm), bytes: 0, validator: null };
    const { outcome: problem } = await retry(
      policy,
      signal,
      () => fetchRest(partial, options, algorithm),
      (failed) => failed?.retryable === true,
    );
    if (problem) return problem;
    const mismatch = expected && compare(url, partial, expected);
    if (mismatch) return mismatch;
  } finally {
    await file.close();
  }
  await rename(`${to}.part`, to);
  return null;
}

async function fetchRest(partial: Partial, options: FetchOptions, algorithm: string): Promise<ComposeFailure | null> {
  const { client, url, signal, maxBytes, expected } = options;
  const headers: Record<string, string> =
    partial.bytes > 0 && partial.validator ? { range: `bytes=${partial.bytes}-`, 'if-range': partial.validator } : {};
  const got = await client.get(url, headers, signal);
  if ('failure' in got) return got.failure;
  const { answer } = got;
  if (answer.status !== 206 || !continuesAt(answer, partial.bytes)) {
    if (answer.status === 206) answer.body.destroy(new Error('not the range asked for'));
    await restart(partial, algorithm);
  }
  partial.validator = validatorOf(answer);
  const limit = expected?.sizeBytes ?? maxBytes;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (partial.bytes + chunk.length > limit) {
        return invalid(
          expected
            ? `${url.href} is longer than the ${limit} bytes that the repository's metadata tells`
            : `${url.href} is longer than ${limit} bytes: not repository metadata`,
        ).failure;
      }
      partial.hash.update(chunk);
      await partial.file.write(chunk, 0, chunk.length, partial.bytes);
      partial.bytes += chunk.length;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isStorageError(error)) throw error;
    return connectionFailure(url, error).failure;
  }
  const whole = announcedEnd(answer, partial.bytes);
  return whole === null || whole === partial.bytes
    ? null
    : unavailable(`${url.href} was cut off at ${partial.bytes} of ${whole} bytes`).failure;
}

async function restart(partial: Partial, algorithm: string): Promise<void> {
  await partial.file.truncate(0);
  partial.hash = createHash(algorithm);
  partial.bytes = 0;
}

function continuesAt(answer: HttpAnswer, offset: number): boolean {
  const range = answer.headers['content-range'];
  return typeof range === 'string' && range.startsWith(`bytes ${offset}-`);
}

/** The file's size by the answer's word; a body may end early without an error where it came without a length. */
function announcedEnd(answer: HttpAnswer, soFar: number): number | null {
  const range = answer.headers['content-range'];
  const total =
    answer.status === 206 && typeof range === 'string' ? /\/(\d+)$/.exec(range)?.[1] : answer.headers['content-length'];
  return typeof total === 'string' ? Number(total) : answer.status === 206 ? soFar : null;
}

/** Strong ones only: a weak ETag says nothing about bytes. */
function validatorOf(answer: HttpAnswer): string | null {
  const { etag, 'last-modified': modified } = answer.headers;
  if (typeof etag === 'string' && !etag.startsWith('W/')) return etag;
  return typeof modified === 'string' ? modified : null;
}

function isStorageError(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === 'write' && (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' || code === 'EFBIG');
}

function compare(
  url: URL,
  { bytes, hash }: Partial,
  { sizeBytes, checksum, checksumType }: Expected,
): ComposeFailure | null {
  if (sizeBytes !== null && bytes !== sizeBytes)
    return invalid(
      `${url.href} has ${bytes} bytes where the repository's metadata tells ${sizeBytes}: it is truncated, or the metadata is old`,
    ).failure;
  if (hash.digest('hex') !== checksum)
    return invalid(`${url.href} does not have the ${checksumType} checksum that the repository's metadata tells`)
      .failure;
  return null;
}
