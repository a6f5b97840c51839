// The closed lists that requests and composes are made of. The GraphQL enums are registered from these, so that a
// word is spelled in one place.

export const COMPOSE_STATES = ['WAIT', 'GENERATING', 'DONE', 'FAILED', 'REMOVED'] as const;
export type ComposeState = (typeof COMPOSE_STATES)[number];

export const SOURCE_TYPES = ['TAG', 'MODULE', 'REPO', 'PULP', 'RAW_CONFIG', 'BUILD', 'PUNGI_COMPOSE'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

export const COMPOSE_FLAGS = [
  'NO_DEPS',
  'NO_INHERITANCE',
  'INCLUDE_UNPUBLISHED_PULP_REPOS',
  'IGNORE_ABSENT_PULP_REPOS',
  'CHECK_DEPS',
  'INCLUDE_DONE_MODULES',
  'NO_REUSE',
  'USE_ONLY_COMPATIBLE_ARCH',
] as const;
export type ComposeFlag = (typeof COMPOSE_FLAGS)[number];

export const COMPOSE_RESULTS = ['REPOSITORY', 'ISO', 'OSTREE', 'BOOT_ISO'] as const;
export type ComposeResult = (typeof COMPOSE_RESULTS)[number];

export const COMPOSE_TYPES = ['TEST', 'CI', 'NIGHTLY', 'DEVELOPMENT', 'PRODUCTION'] as const;
export type ComposeType = (typeof COMPOSE_TYPES)[number];

export const MULTILIB_METHODS = ['RUNTIME', 'DEVEL', 'ALL'] as const;
export type MultilibMethod = (typeof MULTILIB_METHODS)[number];

export const ENGINES = ['pungi', 'dnf', 'repofile'] as const;
export type EngineName = (typeof ENGINES)[number];

export const EVENT_KINDS = [
  'SNAPSHOT',
  'STATE_CHANGED',
  'PROGRESSED',
  'CANCEL_REQUESTED',
  'SHARING_CHANGED',
  'RENEWED',
  'PINNED',
  'UNPINNED',
] as const;
export type ComposeEventKind = (typeof EVENT_KINDS)[number];
