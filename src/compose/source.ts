// What a compose takes its packages from: one variant per source type, holding what was asked for and, once the
// compose is taken, what that resolved to.

import type { SourceType } from './vocabulary.ts';

export interface ModuleDefaults {
  readonly url: string;
  readonly commit: string;
}

export interface BaseModule {
  readonly name: string;
  readonly stream: string | null;
  readonly streamVersionGte: number | null;
  readonly streamVersionLte: number | null;
}

export interface TagSource {
  readonly type: 'TAG';
  readonly tag: string;
  readonly kojiEvent: number | null;
  readonly packages: readonly string[];
  readonly builds: readonly string[];
  readonly scratchBuildTasks: readonly string[];
  readonly modularTags: readonly string[];
  readonly moduleDefaults: ModuleDefaults | null;
}

export interface BuildSource {
  readonly type: 'BUILD';
  readonly builds: readonly string[];
  readonly packages: readonly string[];
  readonly scratchBuildTasks: readonly string[];
}

export interface ModuleSource {
  readonly type: 'MODULE';
  readonly modules: readonly string[];
  readonly resolvedModules: readonly string[] | null;
  readonly scratchModules: readonly string[];
  readonly modularTags: readonly string[];
  readonly moduleDefaults: ModuleDefaults | null;
  readonly baseModule: BaseModule | null;
}

export interface RepoSource {
  readonly type: 'REPO';
  /** An absolute path or an http(s) URL; `$basearch` stands for the arch. */
  readonly repo: string;
  readonly packages: readonly string[];
  /** `revision` of each arch's repomd.xml when the compose was taken, in the order of the arches. */
  readonly revisions: readonly string[] | null;
}

export interface PulpSource {
  readonly type: 'PULP';
  readonly contentSets: readonly string[];
  readonly resolvedContentSets: readonly string[] | null;
}

export interface RawConfigSource {
  readonly type: 'RAW_CONFIG';
  readonly name: string;
  readonly commit: string;
  readonly resolvedCommit: string | null;
  readonly kojiEvent: number | null;
  readonly builds: readonly string[];
  readonly modules: readonly string[];
}

export interface PungiComposeSource {
  readonly type: 'PUNGI_COMPOSE';
  readonly url: string;
  readonly packages: readonly string[];
  readonly builds: readonly string[];
}

export type ComposeSource =
  TagSource | BuildSource | ModuleSource | RepoSource | PulpSource | RawConfigSource | PungiComposeSource;

/** Names and globs of the packages that the request asks for; none means all packages. */
export function requestedPackages(source: ComposeSource): readonly string[] {
  return 'packages' in source ? source.packages : [];
}

/** What may be added to what a source is, and not every engine can. */
export const SOURCE_ADDITIONS = ['scratchBuildTasks', 'modularTags', 'moduleDefaults'] as const;
export type SourceAddition = (typeof SOURCE_ADDITIONS)[number];

export function additionsOf(source: ComposeSource): readonly SourceAddition[] {
  const fields: Partial<Record<SourceAddition, unknown>> & object = source;
  return SOURCE_ADDITIONS.filter((name) => {
    const value = fields[name] ?? [];
    return !Array.isArray(value) || value.length > 0;
  });
}

/** The input field of `ComposeSourceInput` that stands for a source type. */
export const SOURCE_FIELDS = {
  TAG: 'tag',
  MODULE: 'module',
  REPO: 'repo',
  PULP: 'pulp',
  RAW_CONFIG: 'rawConfig',
  BUILD: 'build',
  PUNGI_COMPOSE: 'pungiCompose',
} as const satisfies Record<SourceType, string>;

/** What `ComposeFilter.source` compares with: the tag, the repo, the raw config's name, or the items joined by a space. */
export function sourceKey(source: ComposeSource): string {
  switch (source.type) {
    case 'TAG':
      return source.tag;
    case 'REPO':
      return source.repo;
    case 'RAW_CONFIG':
      return source.name;
    case 'PUNGI_COMPOSE':
      return source.url;
    case 'BUILD':
      return source.builds.join(' ');
    case 'MODULE':
      return source.modules.join(' ');
    case 'PULP':
      return source.contentSets.join(' ');
  }
}
