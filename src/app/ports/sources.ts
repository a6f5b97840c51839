// What a compose takes its packages from, looked at.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { PungiRelease } from '../../compose/pungi-identity.ts';
import type { ProcessRunner } from './process-runner.ts';
import type { ComposeSource } from '../../compose/sources/descriptors.ts';

export type { ProcessOutcome, ProcessRun, ProcessRunner } from './process-runner.ts';

/** A repository that was looked at: its metadata was fetched, checked against repomd.xml, and found within bounds. */
export interface OpenedRepository {
  readonly arch: string;
  /** `$basearch` replaced; an absolute path after realpath, or a URL with a trailing slash. */
  readonly location: string;
  readonly isLocal: boolean;
  readonly revision: string | null;
  readonly repomdSha256: string;
  /** A local directory holding repodata/ with repomd.xml and every metadata file it names that is needed. */
  readonly metadataDirectory: string;
  /** Its packages, read and checked: a file in scratch with one line each (`decodePackage`). */
  readonly packageIndex: string;
  /** Whether they are what Koji has for the compose, some of them known by name alone (`PackageReader`), and no more is to be left out. */
  readonly isPackageSet: boolean;
}

/** Brings packages of remote repositories here, within the bounds that are set for sources. */
export interface PackageDownloads {
  /** Resumes and retries by itself; null when `to` is there, whole, with the size and checksum expected. Rejects after an abort. */
  download(wanted: {
    readonly url: string;
    readonly to: string;
    readonly sizeBytes: number;
    readonly checksumType: string;
    readonly checksum: string;
    readonly signal: AbortSignal;
  }): Promise<ComposeFailure | null>;
}

/** Hands out what the metadata of an opened repository tells of some of its packages. */
export interface PackageMetadata {
  /**
   * Writes a repodata/ into `to`. `packages` is a file with a line for each: JSON of its checksum, its location in the
   * repository, and the one it is to have. False where the repository has changed since it was opened.
   */
  extract(wanted: {
    readonly repository: OpenedRepository;
    readonly packages: string;
    readonly to: string;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
}

/** Looks into packages of Koji whose files nobody has looked at yet. */
export interface PackageReader {
  /**
   * `packages` is an index of such packages, all of `repository`; what they are is written to the index that is answered.
   * Files that were not here before are put into `brought`, under their checksum. `scratch` is a directory of this call's own.
   * UNSIGNED_PACKAGES where there is none that is signed as asked. Rejects after an abort.
   */
  read(wanted: {
    readonly compose: Compose;
    readonly repository: Pick<OpenedRepository, 'location' | 'isLocal'>;
    readonly packages: string;
    readonly downloadDirectory: string;
    readonly scratch: string;
    readonly run: ProcessRunner;
    readonly signal: AbortSignal;
  }): Promise<{ readonly packageIndex: string } | { readonly failure: ComposeFailure }>;
}

export interface ResolvedInput {
  /** As asked, with what it resolved to filled in. */
  readonly source: ComposeSource;
  /** What the source says itself of how the compose is made; it takes the place of what was asked. */
  readonly overrides?: { readonly arches: readonly string[]; readonly sigkeys: readonly string[] };
  /** As `identify` would have it, of what was really read. */
  readonly fingerprint: readonly string[];
  readonly repositories: readonly OpenedRepository[];
  readonly lookasides: readonly OpenedRepository[];
  /** Where files of packages are, under their checksum, that were fetched to look into them. */
  readonly downloadDirectory?: string;
  /** Where Pungi takes the packages from Koji itself. */
  readonly koji?: KojiInput;
  /** Where the compose is a .repo file for repositories that others serve. */
  readonly repoFile?: RepoFileInput;
  /** Where Pungi is given a configuration as somebody wrote it. */
  readonly rawConfig?: RawConfigInput;
}

/** A raw configuration, checked out and found valid. */
export interface RawConfigInput {
  /** Pungi runs in it. */
  readonly directory: string;
  /** In the directory. */
  readonly configFile: string;
  readonly release: PungiRelease;
  readonly kojiEvent: number | null;
  /** Null: as long as any other may take. */
  readonly timeoutSeconds: number | null;
  /** Of pungi-koji, besides the usual ones. */
  readonly arguments: readonly string[];
  /** The Koji that its profile may name. */
  readonly koji: KojiEndpoint | null;
}

/** A .repo file, and the few repositories that it needs here; directories are below the compose's variant. */
export interface RepoFileInput {
  /** Null: the compose's own, for the empty repositories. */
  readonly text: string | null;
  /** Repositories of which one is made, each for one arch. */
  readonly merges: readonly { readonly directory: string; readonly arch: string; readonly urls: readonly string[] }[];
  /** Directories for a repository with nothing in it. */
  readonly empty: readonly string[];
}

/** What a compose takes from Koji, exactly: the same again whenever it is asked for, as long as Koji has it. */
export interface KojiInput {
  readonly endpoint: KojiEndpoint;
  /** Tags are taken as they were right after it; null = as they are. */
  readonly event: number | null;
  /** Null: the builds and modules are all there is. */
  readonly tag: string | null;
  readonly inheritance: boolean;
  /** NVRs, besides what is tagged. */
  readonly builds: readonly string[];
  readonly scratchBuildTasks: readonly string[];
  /** N:S:V:C, their dependencies among them. */
  readonly modules: readonly string[];
  /** N:S:V:C of builds that only MBS knows. */
  readonly scratchModules: readonly string[];
  /** Tags all of whose modules are taken. */
  readonly modularTags: readonly string[];
  /** A directory of modulemd-defaults documents. */
  readonly moduleDefaults: string | null;
  /** API of the Module Build Service; needed for scratch modules only. */
  readonly mbsUrl: string | null;
}

/** Where a Koji is, for programs that ask it by themselves. */
export interface KojiEndpoint {
  /** The name of the profile. */
  readonly profile: string;
  readonly server: string;
  readonly topUrl: string | null;
  /** Where its files are mounted. */
  readonly topDir: string | null;
  /** A koji.conf that has a section for the profile; null: the above is all there is to know. */
  readonly configFile: string | null;
}

/** A call to an upstream was aborted before its answer was complete. `cause` is the signal's reason. */
export class UpstreamInterrupted extends Error {
  override readonly name = 'UpstreamInterrupted';
  /** For messages, e.g. `MBS at https://mbs.example.com`. */
  readonly upstream: string;

  constructor(upstream: string, reason: unknown) {
    super(`${upstream} had not answered when the call was aborted`, { cause: reason });
    this.upstream = upstream;
  }
}

export interface ResolveContext {
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Its process groups are the attempt's. */
  readonly run: ProcessRunner;
  log(text: string): void;
}

export type IdentifyResult = { readonly fingerprint: readonly string[] } | { readonly failure: ComposeFailure };
export type ResolveResult = { readonly input: ResolvedInput } | { readonly failure: ComposeFailure };

/** Turns the source of a request into exact inputs. Both methods reject after an abort. */
export interface SourceResolver {
  /** A short text for each part of the source's present content; equal texts mean equal content. Quick, without retries where it can be. */
  identify(compose: Compose, signal: AbortSignal): Promise<IdentifyResult>;
  resolve(compose: Compose, context: ResolveContext): Promise<ResolveResult>;
}

/** The event at which composes of a tag are taken for as long as nothing changes in it, so that they can be shared. */
export interface CanonicalEvent {
  readonly profile: string;
  readonly tag: string;
  /** Whether what the tag inherits is part of the compose. */
  readonly inheritance: boolean;
  readonly event: number;
}

/** One row per (profile, tag, inheritance). */
export interface KojiEventStore {
  find(profile: string, tag: string, inheritance: boolean): Promise<CanonicalEvent | null>;
  /** Compare-and-set: false, and nothing done, where the row is no longer `expected` (null: where there is one). */
  replace(expected: CanonicalEvent | null, next: CanonicalEvent): Promise<boolean>;
}
