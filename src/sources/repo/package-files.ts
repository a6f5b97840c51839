// Files of packages and cut-down metadata of repositories, for an engine that reads packages itself.

import type { PackageDownloads, PackageMetadata } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import type { Expected } from '../../upstreams/http/checksum.ts';
import { fetchFile } from '../../upstreams/http/fetch-file.ts';
import type { HttpClient } from '../../upstreams/http/http-client.ts';
import { isAbsent } from '../../upstreams/http/problem.ts';
import type { ExtractTask } from './extract-thread.ts';

interface FileWanted {
  readonly url: string;
  readonly to: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export class PackageFiles implements PackageDownloads, PackageMetadata {
  readonly #client: HttpClient;

  /** Guarded: the URLs are those of requests. */
  constructor(client: HttpClient) {
    this.#client = client;
  }

  async download({
    sizeBytes,
    checksum,
    checksumType,
    ...wanted
  }: Parameters<PackageDownloads['download']>[0]): Promise<ComposeFailure | null> {
    const expected = { sizeBytes, checksum, checksumType };
    const fetched = await this.#fetch({ ...wanted, maxBytes: sizeBytes }, expected);
    return 'failure' in fetched ? fetched.failure : null;
  }

  /** One file of which only a bound of the size is known. False if it does not exist. */
  async fetch(wanted: FileWanted): Promise<Answer<boolean>> {
    const fetched = await this.#fetch(wanted, null);
    return 'failure' in fetched && isAbsent(fetched.status) ? { value: false } : fetched;
  }

  async extract({ repository, packages, to, signal }: Parameters<PackageMetadata['extract']>[0]): Promise<boolean> {
    const { metadataDirectory, repomdSha256 } = repository;
    const input: ExtractTask = { metadataDirectory, repomdSha256, packages, to };
    return await runInThread<boolean>({ module: threadModule(import.meta.url, 'extract-thread'), input, signal });
  }

  async #fetch(
    { url: text, to, maxBytes, signal }: FileWanted,
    expected: Expected | null,
  ): Promise<{ readonly value: true } | { readonly failure: ComposeFailure; readonly status: number | null }> {
    const url = URL.parse(text);
    if (!url) return { ...invalidSource(`${text} is not a valid URL.`), status: null };
    const problem = await fetchFile({ client: this.#client, url, to, maxBytes, expected, signal });
    return problem ?? { value: true };
  }
}
