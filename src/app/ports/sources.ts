// The sources of a compose: their resolvers, and what a resolved source gives to an engine.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { PungiRelease } from '../../compose/pungi-identity.ts';
import type { ProcessRunner } from './process-runner.ts';
import type { ComposeSource } from '../../compose/sources/descriptors.ts';

/** A repository whose metadata was fetched and verified against repomd.xml. */
export interface OpenedRepository {
  readonly arch: string;
  /** An absolute path without symbolic links, or a URL with a slash at its end; `$basearch` is replaced. */
  readonly location: string;
  readonly isLocal: boolean;
  readonly revision: string | null;
  readonly repomdSha256: string;
  /** A local directory with repodata/: repomd.xml and the metadata files that engines need. */
  readonly metadataDirectory: string;
  /** A file with one line for each package (`decodePackage`). */
  readonly packageIndex: string;
  /** Whether the packages are Koji's selection for the compose: some may be unread (`PackageReader`), and all belong to the compose. */
  readonly isPackageSet: boolean;
}

/** Downloads packages of remote repositories, from URLs within the configured bounds. */
export interface PackageDownloads {
  /** Resumes and retries. Null when `to` is complete and has the expected size and checksum. Rejects after an abort. */
  download(wanted: {
    readonly url: string;
    readonly to: string;
    readonly sizeBytes: number;
    readonly checksumType: string;
    readonly checksum: string;
    readonly signal: AbortSignal;
  }): Promise<ComposeFailure | null>;
}

/** Cuts the metadata of an opened repository down to some of its packages. */
export interface PackageMetadata {
  /**
   * Writes repodata/ to `to`. `packages` is a file with one line for each package: a JSON array of its checksum, its
   * location in the repository, and its new location. False if the repository has changed since it was opened.
   */
  extract(wanted: {
    readonly repository: OpenedRepository;
    readonly packages: string;
    readonly to: string;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
}

/** Reads packages of Koji that are known by their names only. */
export interface PackageReader {
  /**
   * `packages` is an index of unread packages of `repository`; `packageIndex` describes them. Downloaded files are put into
   * `downloadDirectory`, named by their checksums. `scratch` is used by this call only. UNSIGNED_PACKAGES if a package has
   * no copy that is signed as asked. Rejects after an abort.
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
  /** The request's source with what it resolved to. */
  readonly source: ComposeSource;
  /** Values of the source that replace those of the request. */
  readonly overrides?: { readonly arches: readonly string[]; readonly sigkeys: readonly string[] };
  /** The answer of `identify` for the content that was read. */
  readonly fingerprint: readonly string[];
  readonly repositories: readonly OpenedRepository[];
  readonly lookasides: readonly OpenedRepository[];
  /** Holds the packages that were downloaded to read them, named by their checksums. */
  readonly downloadDirectory?: string;
  /** Present if Pungi takes the packages from Koji itself. */
  readonly koji?: KojiInput;
  /** Present if the compose is a .repo file for repositories that Pulp serves. */
  readonly repoFile?: RepoFileInput;
  /** Present if Pungi is given a raw configuration. */
  readonly rawConfig?: RawConfigInput;
}

/** A raw configuration that was checked out and validated. */
export interface RawConfigInput {
  /** Pungi's working directory. */
  readonly directory: string;
  /** Relative to the directory. */
  readonly configFile: string;
  readonly release: PungiRelease;
  readonly kojiEvent: number | null;
  /** Further arguments of pungi-koji. */
  readonly arguments: readonly string[];
  /** The Koji that the configuration may name by its profile. */
  readonly koji: KojiEndpoint | null;
}

/** A .repo file, and the repositories that must be made for it; directories are below the compose's variant. */
export interface RepoFileInput {
  /** Null: the compose's usual .repo file, for the empty repositories. */
  readonly text: string | null;
  /** Merges of repositories, each for one arch. */
  readonly merges: readonly { readonly directory: string; readonly arch: string; readonly urls: readonly string[] }[];
  /** Directories of empty repositories. */
  readonly empty: readonly string[];
}

/** What a compose takes from Koji, exactly: a retry takes the same. */
export interface KojiInput {
  readonly endpoint: KojiEndpoint;
  /** Tags are taken in their state right after it; null: in their present state. */
  readonly event: number | null;
  /** Null: only the builds and modules below are taken. */
  readonly tag: string | null;
  readonly inheritance: boolean;
  /** NVRs, in addition to the tag. */
  readonly builds: readonly string[];
  readonly scratchBuildTasks: readonly string[];
  /** N:S:V:C, dependencies included. */
  readonly modules: readonly string[];
  /** N:S:V:C of builds that MBS has and Koji has not. */
  readonly scratchModules: readonly string[];
  /** Tags whose modules are all taken. */
  readonly modularTags: readonly string[];
  /** A directory with modulemd-defaults documents. */
  readonly moduleDefaults: string | null;
  /** API of the Module Build Service, for scratch modules. */
  readonly mbsUrl: string | null;
}

/** Where a Koji is, for programs that call it themselves. */
export interface KojiEndpoint {
  /** The name of the profile. */
  readonly profile: string;
  readonly server: string;
  readonly topUrl: string | null;
  /** The directory that its files are mounted at. */
  readonly topDir: string | null;
  /** A koji.conf with a section for the profile; null: only the settings above are known. */
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
  /** Registers process groups for the attempt. */
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

/** The event that composes of a tag share while nothing changes in the tag. */
export interface CanonicalEvent {
  readonly profile: string;
  readonly tag: string;
  /** Whether what the tag inherits is a part of the compose. */
  readonly inheritance: boolean;
  readonly event: number;
}

/** One row for each profile, tag and inheritance. */
export interface KojiEventStore {
  find(profile: string, tag: string, inheritance: boolean): Promise<CanonicalEvent | null>;
  /** Compare-and-set: changes nothing and answers false if the row is not `expected` (null: where there is a row). */
  replace(expected: CanonicalEvent | null, next: CanonicalEvent): Promise<boolean>;
}
