// One file over HTTP to its place: bounded in size, resumed by Range after an answer broke off, and renamed to its name
// only when size and checksum are as expected.

import { createHash, type Hash } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { algorithmOf, type Expected } from './checksum.ts';
import type { Attempt, HttpAnswer, HttpClient } from './http-client.ts';
import { requestProblem, statusProblem, transientProblem, type HttpFailure, type Problem } from './problem.ts';

interface FileRequest {
  readonly client: HttpClient;
  readonly url: URL;
  /** Replaced. Its directory exists. */
  readonly to: string;
  readonly maxBytes: number;
  /** Null if nothing is known of the file beforehand, as of repomd.xml. */
  readonly expected: Expected | null;
  /** In place of the client's. */
  readonly retry?: RetryPolicy | undefined;
  readonly signal: AbortSignal;
}

/** What is there of the file, and the validator by which the server knows that the rest belongs to it. */
interface Part {
  readonly file: FileHandle;
  hash: Hash;
  bytes: number;
  validator: string | null;
}

const METADATA_OLD = "Wait until the repository's metadata is up to date, or check the URL.";

/** Null when the file is in place. Rejects after an abort. */
export async function fetchFile(request: FileRequest): Promise<HttpFailure | null> {
  const { client, url, to, expected, retry, signal } = request;
  const algorithm = expected ? algorithmOf(expected.checksumType) : 'sha256';
  if (!algorithm)
    return client.failure(url, requestProblem(`has a checksum of an unsupported type, ${expected?.checksumType}`));
  const file = await open(`${to}.part`, 'w');
  try {
    const part: Part = { file, hash: createHash(algorithm), bytes: 0, validator: null };
    const outcome = await client.request(
      { url, headers: () => headersFor(part), signal, ...(retry && { retry }) },
      (answer) => append(part, answer, request, algorithm),
    );
    if ('failure' in outcome) return outcome;
    const mismatch = expected && compare(part, expected);
    if (mismatch) return client.failure(url, mismatch);
  } finally {
    await file.close();
  }
  await rename(`${to}.part`, to);
  return null;
}

function headersFor({ bytes, validator }: Part): Record<string, string> {
  return {
    'accept-encoding': 'identity',
    ...(bytes > 0 && validator !== null && { range: `bytes=${bytes}-`, 'if-range': validator }),
  };
}

async function append(
  part: Part,
  answer: HttpAnswer,
  { maxBytes, expected }: FileRequest,
  algorithm: string,
): Promise<Attempt<null>> {
  const { status } = answer;
  if (status !== 200 && status !== 206) return { problem: statusProblem(status, 'request') };
  if (status === 200 || !continuesAt(answer, part.bytes)) await restart(part, algorithm);
  if (status === 206 && !continuesAt(answer, part.bytes))
    return { problem: transientProblem('answered another range than the one asked for') };
  part.validator = validatorOf(answer);
  const limit = expected?.sizeBytes ?? maxBytes;
  for await (const chunk of answer.body) {
    if (part.bytes + chunk.length > limit) return { problem: tooLong(limit, expected) };
    part.hash.update(chunk);
    await part.file.write(chunk, 0, chunk.length, part.bytes);
    part.bytes += chunk.length;
  }
  const total = announcedSize(answer, part.bytes);
  return total === null || total === part.bytes
    ? { value: null }
    : { problem: transientProblem(`was cut off at ${part.bytes} of ${total} bytes`) };
}

async function restart(part: Part, algorithm: string): Promise<void> {
  await part.file.truncate(0);
  part.hash = createHash(algorithm);
  part.bytes = 0;
  part.validator = null;
}

function continuesAt(answer: HttpAnswer, offset: number): boolean {
  const range = answer.headers['content-range'];
  return typeof range === 'string' && range.startsWith(`bytes ${offset}-`);
}

/** The file's size by the answer's header: a body without a length may end early without an error. */
function announcedSize({ headers, status }: HttpAnswer, soFar: number): number | null {
  const range = headers['content-range'];
  const total = status === 206 && typeof range === 'string' ? /\/(\d+)$/.exec(range)?.[1] : headers['content-length'];
  return typeof total === 'string' ? Number(total) : status === 206 ? soFar : null;
}

/** Strong ones only: a weak ETag says nothing about bytes. */
function validatorOf({ headers }: HttpAnswer): string | null {
  const { etag, 'last-modified': modified } = headers;
  if (typeof etag === 'string' && !etag.startsWith('W/')) return etag;
  return typeof modified === 'string' ? modified : null;
}

function tooLong(limit: number, expected: Expected | null): Problem {
  return expected
    ? requestProblem(`is longer than the ${limit} bytes of the repository's metadata`, null, METADATA_OLD)
    : requestProblem(`is longer than ${limit} bytes, which repository metadata is not`);
}

function compare({ bytes, hash }: Part, { sizeBytes, checksum, checksumType }: Expected): Problem | null {
  if (sizeBytes !== null && bytes !== sizeBytes) {
    const what = `has ${bytes} bytes, and ${sizeBytes} by the repository's metadata: it is truncated, or the metadata is old`;
    return requestProblem(what, null, METADATA_OLD);
  }
  return hash.digest('hex') === checksum
    ? null
    : requestProblem(`does not have the ${checksumType} checksum of the repository's metadata`, null, METADATA_OLD);
}
