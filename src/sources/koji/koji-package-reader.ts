// Reads packages of Koji: finds each file where Koji has it (mounted or served), verifies it against the hub's size and
// checksum, and lets createrepo_c describe it. Of several signed copies, the order of the request's keys decides.

import { appendFile, mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { KojiEndpoint, OpenedRepository, PackageReader } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { examples, signedCopiesGoneFailure, unsignedPackagesFailure } from '../../compose/package-failures.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { Answer } from '../../upstreams/answer.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { storedKeys } from '../../upstreams/koji/signatures.ts';
import { indexRepositories } from '../repo/index-repositories.ts';
import type { FoundRepository } from '../repo/open-repository.ts';
import type { PackageFiles } from '../repo/package-files.ts';
import { createMetadata } from './create-metadata.ts';
import { downloadListed } from './download-listed.ts';
import type { AbsentFile, VerifyFilesResult, VerifyFilesTask } from './verify-files-thread.ts';

interface KojiPackageReaderOptions {
  readonly hub: KojiHub;
  readonly endpoint: KojiEndpoint;
  /** PATH of createrepo_c. */
  readonly path: string;
  readonly files: Pick<PackageFiles, 'fetch'>;
}

/** Where the files of a Koji are. */
export type KojiFiles = Pick<OpenedRepository, 'location' | 'isLocal'>;

type Wanted = Parameters<PackageReader['read']>[0];

interface ExaminedPackages {
  /** An index of the packages whose relations were known already. */
  readonly found: string;
  /** The metadata that createrepo_c wrote of the others. */
  readonly created: FoundRepository;
}

export class KojiPackageReader implements PackageReader {
  readonly #options: KojiPackageReaderOptions;

  constructor(options: KojiPackageReaderOptions) {
    this.#options = options;
  }

  /** The mounted directory if there is one, else the URL. */
  async locateFiles(): Promise<Answer<KojiFiles>> {
    const { topDir, topUrl, profile } = this.#options.endpoint;
    const mounted = topDir === null ? null : await realpath(topDir).catch(() => null);
    if (mounted !== null) return { value: { location: mounted, isLocal: true } };
    if (topUrl !== null) return { value: { location: `${topUrl}/`, isLocal: false } };
    const message = `The files of Koji (${profile}) are not mounted on the worker. Ask the operators to check Koji's topDir.`;
    return { failure: failure('UPSTREAM_UNAVAILABLE', message) };
  }

  async read(wanted: Wanted): ReturnType<PackageReader['read']> {
    const examined = await this.examine(wanted);
    if ('failure' in examined) return examined;
    const { found, created } = examined.value;
    const packageIndex = join(wanted.scratch, 'described');
    const indexed = await indexRepositories([{ ...created, packageIndex }], false, wanted.signal);
    if ('failure' in indexed) return indexed;
    await appendFile(found, await readFile(packageIndex));
    return { packageIndex: found };
  }

  async examine(wanted: Wanted): Promise<Answer<ExaminedPackages>> {
    const { repository, packages, downloadDirectory, run, signal, compose } = wanted;
    await mkdir(wanted.scratch, { recursive: true });
    // Links that lead out of the new repository are refused, and the target directory itself may be behind a link.
    const scratch = await realpath(wanted.scratch);
    const root = repository.isLocal ? repository.location : join(downloadDirectory, 'koji');
    if (!repository.isLocal) {
      const from = { from: repository.location, root, scratch: join(wanted.scratch, 'fetched') };
      const problem = await downloadListed(this.#options.files, packages, from, signal);
      if (problem) return { failure: problem };
    }
    const [found, list] = [join(scratch, 'found'), join(scratch, 'packages')];
    const input: VerifyFilesTask = {
      root,
      packages,
      linkTo: repository.isLocal ? null : downloadDirectory,
      found,
      list,
    };
    const verified = await runInThread<VerifyFilesResult>({
      module: threadModule(import.meta.url, 'verify-files-thread'),
      input,
      signal,
    });
    if ('failure' in verified) return verified;
    if (verified.value.length > 0) return { failure: await this.#explainAbsent(verified.value, compose, signal) };
    const to = join(scratch, 'made');
    const created = await createMetadata({ root, list, to, path: this.#options.path, run, signal });
    return 'failure' in created ? created : { value: { found, created: created.value } };
  }

  /** Unsigned, signed without a signed copy, or lost by Koji: each needs another remedy. */
  async #explainAbsent(
    absent: readonly AbsentFile[],
    { sigkeys }: Compose,
    signal: AbortSignal,
  ): Promise<ComposeFailure> {
    const { hub, endpoint } = this.#options;
    if (sigkeys.length === 0 || sigkeys.includes('')) return lostByKoji(endpoint.profile, nevrasOf(absent));
    const stored = await storedKeys(
      hub,
      absent.map(({ rpmId }) => rpmId),
      signal,
    );
    if ('failure' in stored) return stored.failure;
    const wanted = sigkeys.map((key) => key.toLowerCase());
    const unsigned = absent.filter((_, index) => !wanted.some((key) => stored.value[index]?.has(key)));
    return unsigned.length > 0
      ? unsignedPackagesFailure(nevrasOf(unsigned), sigkeys)
      : signedCopiesGoneFailure(nevrasOf(absent), sigkeys);
  }
}

function nevrasOf(files: readonly AbsentFile[]): readonly string[] {
  return files.map(({ nevra }) => nevra);
}

function lostByKoji(profile: string, nevras: readonly string[]): ComposeFailure {
  return failure(
    'UPSTREAM_UNAVAILABLE',
    `Koji (${profile}) lists RPMs, but has no files of them: ${examples(nevras, ', ')}. Ask Koji's operators to check them.`,
    nevras.join('\n'),
  );
}
