// Packages of Koji looked into: each is found where Koji keeps it (mounted, or else served), is held against what the hub tells
// of it, and createrepo_c says what is in it. Which of several signed copies it is, the order of the keys decides.

import { createReadStream } from 'node:fs';
import { access, appendFile, mkdir, readFile, realpath, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import type { KojiEndpoint, OpenedRepository, PackageReader, ProcessRunner } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { signedCopiesGoneFailure, unsignedPackagesFailure } from '../../compose/package-failures.ts';
import { decodePackage, type RpmPackage } from '../../compose/rpm-package.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { encodePath } from '../../upstreams/koji/path-info.ts';
import { storedKeys } from '../../upstreams/koji/signatures.ts';
import { openMade, type FoundRepository } from '../repo/open-repository.ts';
import type { RepoSource } from '../repo/repo-source.ts';
import type { AbsentFile, KojiFilesResult, KojiFilesTask } from './koji-files-thread.ts';

export interface KojiFilesOptions {
  readonly hub: KojiHub;
  readonly place: KojiEndpoint;
  /** PATH of createrepo_c. */
  readonly path: string;
  readonly repositories: Pick<RepoSource, 'fetch' | 'index'>;
}

type Wanted = Parameters<PackageReader['read']>[0];
type Failed = { readonly failure: ComposeFailure };

export interface Examined {
  /** An index of those whose relations were known. */
  readonly found: string;
  /** What createrepo_c says of the others. */
  readonly made: FoundRepository;
}

const AT_A_TIME = 8;
/** A signed copy is larger than what the hub tells of, by a signature or a few. */
const SIGNATURES_BYTES = 1024 * 1024;
const ANY_BYTES = 16 * 1024 ** 3;
const NAMED = 10;

export class KojiFiles implements PackageReader {
  readonly #options: KojiFilesOptions;

  constructor(options: KojiFilesOptions) {
    this.#options = options;
  }

  /** Where the files of this Koji are: mounted here, or else served. */
  async place(): Promise<Pick<OpenedRepository, 'location' | 'isLocal'> | Failed> {
    const { topDir, topUrl, profile } = this.#options.place;
    const mounted = topDir === null ? null : await realpath(topDir).catch(() => null);
    if (mounted !== null) return { location: mounted, isLocal: true };
    if (topUrl !== null) return { location: `${topUrl}/`, isLocal: false };
    return {
      failure: failure(
        'UPSTREAM_UNAVAILABLE',
        `The files of Koji (${profile}) are not mounted on the worker; tell an administrator to see to Koji's topDir`,
      ),
    };
  }

  async read(wanted: Wanted): ReturnType<PackageReader['read']> {
    const examined = await this.examine(wanted);
    if ('failure' in examined) return examined;
    const { found, made } = examined;
    const described = join(wanted.scratch, 'described');
    const indexed = await this.#options.repositories.index(
      [{ ...made, packageIndex: described }],
      false,
      wanted.signal,
    );
    if ('failure' in indexed) return indexed;
    await appendFile(found, await readFile(described));
    return { packageIndex: found };
  }

  async examine(wanted: Wanted): Promise<Examined | Failed> {
    const { repository, packages, brought, signal, compose } = wanted;
    await mkdir(wanted.scratch, { recursive: true });
    // A repository is made here, and what leads out of it is refused: a target directory may be reached by a link.
    const scratch = await realpath(wanted.scratch);
    const files = repository.isLocal ? repository.location : join(brought, 'koji');
    const unreachable = repository.isLocal ? null : await this.#bringAll(wanted, files);
    if (unreachable) return { failure: unreachable };
    const [found, list] = [join(scratch, 'found'), join(scratch, 'packages')];
    const input: KojiFilesTask = { root: files, packages, brought: repository.isLocal ? null : brought, found, list };
    const result = await runInThread<KojiFilesResult>({
      module: threadModule(import.meta.url, 'koji-files-thread'),
      input,
      signal,
    });
    if ('failure' in result) return result;
    if (result.absent.length > 0) return { failure: await this.#blame(result.absent, compose, signal) };
    const made = await describe({
      files,
      list,
      into: join(scratch, 'made'),
      path: this.#options.path,
      run: wanted.run,
      signal,
    });
    return 'failure' in made ? made : { found, made: made.found };
  }

  /** Who reads that packages are not signed signs them again, which changes nothing where the copies were removed. */
  async #blame(absent: readonly AbsentFile[], { sigkeys }: Compose, signal: AbortSignal): Promise<ComposeFailure> {
    const { hub, place } = this.#options;
    if (sigkeys.length === 0 || sigkeys.includes('')) return absentFailure(place.profile, absent);
    const stored = await storedKeys(
      hub,
      absent.map(({ rpmId }) => rpmId),
      signal,
    );
    if ('failure' in stored) return stored.failure;
    const asked = sigkeys.map((key) => key.toLowerCase());
    const unsigned = absent.filter((_, index) => !asked.some((key) => stored.value[index]?.has(key)));
    return unsigned.length > 0
      ? unsignedPackagesFailure(nevrasOf(unsigned), sigkeys)
      : signedCopiesGoneFailure(nevrasOf(absent), sigkeys);
  }

  #bringAll({ packages, repository, scratch, signal }: Wanted, files: string): Promise<ComposeFailure | null> {
    const lines = createInterface({ input: createReadStream(packages), crlfDelay: Infinity });
    return mapFailFast(lines, AT_A_TIME, signal, (line, stop) =>
      this.#bring(decodePackage(line), repository.location, { files, scratch, signal: stop }),
    );
  }

  /** The first of its places that there is something at; where there is none, that is told later, of all packages together. */
  async #bring(
    { unread, sizeBytes }: RpmPackage,
    from: string,
    { files, scratch, signal }: { readonly files: string; readonly scratch: string; readonly signal: AbortSignal },
  ): Promise<ComposeFailure | null> {
    for (const { path, sizeBytes: whole } of unread?.places ?? []) {
      const to = join(files, path);
      if (
        await access(to).then(
          () => true,
          () => false,
        )
      )
        return null;
      const under = join(scratch, 'fetched', path);
      await Promise.all([to, under].map((file) => mkdir(dirname(file), { recursive: true })));
      const maxBytes = whole ?? (sizeBytes > 0 ? sizeBytes + SIGNATURES_BYTES : ANY_BYTES);
      const failed = await this.#options.repositories.fetch({
        url: `${from}${encodePath(path)}`,
        to: under,
        maxBytes,
        signal,
      });
      // Another arch may be bringing it too: whole files only come under their name.
      if (!failed) return await rename(under, to).then(() => null);
      if (!failed.message.startsWith('There is nothing at')) return failed;
    }
    return null;
  }
}

async function describe({
  files,
  list,
  into,
  path,
  run,
  signal,
}: {
  readonly files: string;
  readonly list: string;
  readonly into: string;
  readonly path: string;
  readonly run: ProcessRunner;
  readonly signal: AbortSignal;
}): ReturnType<typeof openMade> {
  await Promise.all([into, files].map((directory) => mkdir(directory, { recursive: true })));
  const said: string[] = [];
  const { exitCode } = await run({
    file: 'createrepo_c',
    args: [
      '--quiet',
      '--no-database',
      '--checksum=sha256',
      '--workers=2',
      `--outputdir=${into}`,
      `--pkglist=${list}`,
      files,
    ],
    cwd: into,
    env: { PATH: path, HOME: into, TMPDIR: into, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    signal,
    onOutput: (line) => void (said.push(line) > NAMED && said.shift()),
  });
  signal.throwIfAborted();
  if (exitCode !== 0)
    return {
      failure: failure('ENGINE_FAILED', `createrepo_c ended with exit code ${exitCode}`, said.join('\n') || null),
    };
  return openMade(into);
}

function absentFailure(profile: string, files: readonly AbsentFile[]): ComposeFailure {
  const nevras = nevrasOf(files);
  return failure(
    'UPSTREAM_UNAVAILABLE',
    `RPMs that Koji (${profile}) has are not where it keeps them: ${nevras.slice(0, NAMED).join(', ')}${nevras.length > NAMED ? ` and ${nevras.length - NAMED} more` : ''}`,
    nevras.join('\n'),
  );
}

function nevrasOf(files: readonly AbsentFile[]): readonly string[] {
  return files.map(({ nevra }) => nevra);
}
