// What a compose takes its packages from, looked at.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { ComposeSource } from '../../compose/source.ts';

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
  extract(wanted: { readonly repository: OpenedRepository; readonly packages: string; readonly to: string; readonly signal: AbortSignal }): Promise<boolean>;
}

export interface ResolvedInput {
  /** As asked, with what it resolved to filled in. */
  readonly source: ComposeSource;
  /** As `identify` would have it, of what was really read. */
  readonly fingerprint: readonly string[];
  readonly repositories: readonly OpenedRepository[];
  readonly lookasides: readonly OpenedRepository[];
}

export interface SourceResolver {
  /** What the source holds just now, in few bytes: equal for equal content. Cheap; the reason of a failure is `resolve`'s to tell. */
  identify(compose: Compose, signal: AbortSignal): Promise<{ readonly fingerprint: readonly string[] } | { readonly failure: ComposeFailure }>;
  resolve(
    compose: Compose,
    context: { readonly scratch: string; readonly signal: AbortSignal; log(text: string): void },
  ): Promise<{ readonly input: ResolvedInput } | { readonly failure: ComposeFailure }>;
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
