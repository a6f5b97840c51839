// A variant of a published Pungi compose, by its URL: metadata/rpms.json beside it is fetched within the bounds that are
// set for sources, and read, in a thread where it is large.

import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { fetchFile } from '../../upstreams/http/fetch-file.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import type { PackedResult, RpmsTask } from './rpms-thread.ts';
import { summarize, type ComposeSummary, type SummaryResult } from './summary.ts';

export interface PungiComposeContext {
  /** Bound to what a request may point to. */
  readonly client: HttpClient;
  readonly retry: RetryPolicy;
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly maxBytes?: number;
}

export interface VariantLocation {
  readonly variant: string;
  readonly rpmsUrl: URL;
}

const MAX_BYTES = 384 * 1024 ** 2;
const MAX_INLINE_BYTES = 256 * 1024;

/** `…/compose/<Variant>`, or below it; else the last segment is the variant. A query (a token, say) stays. */
export function locateVariant(text: string): VariantLocation | null {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const compose = segments.lastIndexOf('compose', -2);
  const index = compose >= 0 ? compose + 1 : segments.length - 1;
  const variant = decode(segments[index]);
  if (!variant || index === 0) return null;
  const rpmsUrl = new URL(url);
  rpmsUrl.pathname = `/${[...segments.slice(0, index), 'metadata', 'rpms.json'].join('/')}`;
  rpmsUrl.hash = '';
  return { variant, rpmsUrl };
}

function decode(segment: string | undefined): string | null {
  try {
    return segment === undefined ? null : decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** Rejects after an abort. */
export async function readPungiCompose(
  url: string,
  context: PungiComposeContext,
): Promise<{ readonly summary: ComposeSummary } | { readonly failure: ComposeFailure }> {
  const located = locateVariant(url);
  if (!located)
    return invalid(
      `${url} is not the URL of a variant of a Pungi compose; give one as in https://host/…/compose/<Variant>`,
    );
  const { rpmsUrl, variant } = located;
  const { client, retry, scratch, signal, maxBytes } = context;
  await mkdir(scratch, { recursive: true });
  const path = join(scratch, 'rpms.json');
  const problem = await fetchFile({
    client,
    retry,
    url: rpmsUrl,
    to: path,
    maxBytes: maxBytes ?? MAX_BYTES,
    expected: null,
    signal,
  });
  if (problem) return { failure: problem };
  const result = await read({ path, variant }, signal);
  if ('problem' in result) return invalid(`${rpmsUrl.href} ${result.problem}`);
  if (result.summary.builds.length === 0) return invalid(`The variant ${variant} of ${rpmsUrl.href} holds no packages`);
  return result;
}

async function read(task: RpmsTask, signal: AbortSignal): Promise<SummaryResult> {
  const { size } = await stat(task.path);
  if (size <= MAX_INLINE_BYTES) return summarize(await readFile(task.path, 'utf8'), task.variant);
  const packed = await runInThread<PackedResult>({
    module: threadModule(import.meta.url, 'rpms-thread'),
    input: task,
    signal,
  });
  if ('problem' in packed) return packed;
  const [arches, builds, packages, sigkeys] = packed.lists;
  return {
    summary: {
      composeId: packed.composeId,
      arches: unpack(arches),
      builds: unpack(builds),
      packages: unpack(packages),
      sigkeys: unpack(sigkeys),
    },
  };
}

function unpack(list: string): readonly string[] {
  return list.split('\n').slice(0, -1);
}

function invalid(message: string): { readonly failure: ComposeFailure } {
  return { failure: failure('INVALID_SOURCE', message) };
}
