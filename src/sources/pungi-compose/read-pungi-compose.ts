// Reads a variant of a published Pungi compose by its URL: metadata/rpms.json beside it is fetched and summarized, in a
// thread if it is large.

import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { fetchFile } from '../../upstreams/http/fetch-file.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import { shownUrl } from '../../upstreams/http/problem.ts';
import type { PackedResult, SummarizeTask } from './summarize-rpms-thread.ts';
import { summarizeRpms, type ComposeSummary, type SummaryResult } from './summarize-rpms.ts';

export interface PungiComposeContext {
  /** Guarded: the URL is that of a request. */
  readonly client: HttpClient;
  /** In place of the client's. */
  readonly retry?: RetryPolicy;
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly maxBytes?: number;
}

interface VariantLocation {
  readonly variant: string;
  readonly rpmsUrl: URL;
}

const MAX_BYTES = 384 * 1024 ** 2;
const MAX_INLINE_BYTES = 256 * 1024;

/** `…/compose/<Variant>`, or a URL below it; otherwise the last segment is the variant. A query, e.g. a token, is kept. */
function locateVariant(text: string): VariantLocation | null {
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
  { client, retry, scratch, signal, maxBytes = MAX_BYTES }: PungiComposeContext,
): Promise<Answer<ComposeSummary>> {
  const located = locateVariant(url);
  if (!located)
    return invalidSource(
      `${url} is not the URL of a variant of a Pungi compose. Give one like https://host/…/compose/<Variant>.`,
    );
  const { rpmsUrl, variant } = located;
  await mkdir(scratch, { recursive: true });
  const path = join(scratch, 'rpms.json');
  const problem = await fetchFile({ client, retry, url: rpmsUrl, to: path, maxBytes, expected: null, signal });
  if (problem) return { failure: problem.failure };
  const result = await summarizeFile({ path, variant }, signal);
  if ('problem' in result) return invalidSource(`${shownUrl(rpmsUrl)} ${result.problem}.`);
  return result.summary.builds.length > 0
    ? { value: result.summary }
    : invalidSource(`The variant ${variant} of ${shownUrl(rpmsUrl)} holds no packages.`);
}

async function summarizeFile(task: SummarizeTask, signal: AbortSignal): Promise<SummaryResult> {
  const { size } = await stat(task.path);
  if (size <= MAX_INLINE_BYTES) return summarizeRpms(await readFile(task.path, 'utf8'), task.variant);
  const packed = await runInThread<PackedResult>({
    module: threadModule(import.meta.url, 'summarize-rpms-thread'),
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
