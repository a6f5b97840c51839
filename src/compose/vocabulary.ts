// The closed lists of requests and composes. Each value is listed once, with its meaning: the GraphQL enums and their
// descriptions, the settings and the permissions are made from these tables.

/** The keys of a table of meanings, in its order. */
export function wordsOf<Word extends string>(table: Readonly<Record<Word, unknown>>): readonly Word[] {
  return Object.keys(table) as Word[];
}

export const COMPOSE_STATE_MEANINGS = {
  WAIT: 'The request is accepted and queued for a worker.',
  GENERATING: 'A worker generates the compose, or the compose waits for the result of another one that it shares.',
  DONE: 'The results are served.',
  FAILED: 'The compose ended without a result. `failure` says why; the log is kept.',
  REMOVED: 'The files are deleted; the record stays. Final.',
} satisfies Record<string, string>;
export type ComposeState = keyof typeof COMPOSE_STATE_MEANINGS;

/**
 * What a flag is about. A source type names the scopes that it has (`flags` of its descriptor), so that a flag is added
 * to an existing scope without touching the source types. `any` belongs to every source type.
 */
export type FlagScope = 'any' | 'dependencies' | 'inheritance' | 'modules' | 'pulp';

export interface FlagDefinition {
  readonly scope: FlagScope;
  readonly meaning: string;
}

const FLAG_TABLE = {
  NO_DEPS: {
    scope: 'dependencies',
    meaning: 'Takes only the packages or modules that were named, without their dependencies.',
  },
  NO_INHERITANCE: {
    scope: 'inheritance',
    meaning: 'Takes only what is tagged directly in the Koji tag, nothing from the tags that it inherits.',
  },
  INCLUDE_UNPUBLISHED_PULP_REPOS: {
    scope: 'pulp',
    meaning: 'Takes Pulp repositories that are not published yet as well.',
  },
  IGNORE_ABSENT_PULP_REPOS: {
    scope: 'pulp',
    meaning: 'Leaves out content sets that Pulp does not know. Without it the compose fails.',
  },
  CHECK_DEPS: {
    scope: 'dependencies',
    meaning: 'Fails the compose when a package in it has an unsatisfied dependency.',
  },
  INCLUDE_DONE_MODULES: {
    scope: 'modules',
    meaning: 'Takes modules that are built but not released (state `done` in MBS) as well.',
  },
  NO_REUSE: {
    scope: 'any',
    meaning: 'Generates the compose even if an identical one is done or under way.',
  },
  USE_ONLY_COMPATIBLE_ARCH: {
    scope: 'pulp',
    meaning:
      'Writes `$basearch` into the URL of a Pulp repository for one arch, so that a client finds packages of its own arch or none.',
  },
} satisfies Record<string, FlagDefinition>;
export type ComposeFlag = keyof typeof FLAG_TABLE;
export const FLAGS: Readonly<Record<ComposeFlag, FlagDefinition>> = FLAG_TABLE;
export const COMPOSE_FLAGS = wordsOf(FLAGS);

export const COMPOSE_RESULT_MEANINGS = {
  REPOSITORY: 'RPM repositories, one per arch. Every compose has them.',
  ISO: 'ISO images of the repositories. They need Pungi.',
  OSTREE: 'An OSTree repository. No engine of this version makes one, so a request for it is refused.',
  BOOT_ISO: 'A bootable installer image, made by lorax. It needs Pungi.',
} satisfies Record<string, string>;
export type ComposeResult = keyof typeof COMPOSE_RESULT_MEANINGS;
export const COMPOSE_RESULTS = wordsOf(COMPOSE_RESULT_MEANINGS);

/** As productmd defines them; the type is part of the Pungi compose id, except for PRODUCTION. */
export const COMPOSE_TYPE_MEANINGS = {
  TEST: 'A test compose (`.t`): the default, and the only type that may hold scratch builds and scratch modules.',
  CI: 'A compose for continuous integration (`.ci`).',
  NIGHTLY: 'A nightly compose (`.n`).',
  DEVELOPMENT: 'A development compose (`.d`).',
  PRODUCTION: 'A compose that is meant to be released. It needs a label.',
} satisfies Record<string, string>;
export type ComposeType = keyof typeof COMPOSE_TYPE_MEANINGS;
export const COMPOSE_TYPES = wordsOf(COMPOSE_TYPE_MEANINGS);

/** As python-multilib defines them. */
export const MULTILIB_METHOD_MEANINGS = {
  RUNTIME: 'Packages with shared libraries or plug-ins that programs load.',
  DEVEL: 'The packages of RUNTIME, and `-devel` and `-static` packages.',
  ALL: 'All packages.',
} satisfies Record<string, string>;
export type MultilibMethod = keyof typeof MULTILIB_METHOD_MEANINGS;

export type EngineName = 'pungi' | 'dnf' | 'repofile';

/** More kinds may be added; a client ignores kinds that it does not know. */
export const EVENT_KIND_MEANINGS = {
  SNAPSHOT: 'The compose as it is when a subscription begins. Nothing happened; the event is not stored.',
  STATE_CHANGED: 'The compose was created, or its state changed from `from` to `to`.',
  PROGRESSED: 'The engine reported progress. The event is not stored.',
  CANCEL_REQUESTED: 'A cancellation was requested; the engine is being stopped.',
  SHARING_CHANGED: 'The compose shares the result of another compose than before.',
  RENEWED: 'The compose expires later than before.',
  PINNED: 'A pin was added: the compose does not expire while it has one.',
  UNPINNED: 'A pin was removed.',
  REMOVAL_BEGUN:
    'The removal of the files began, because the compose expired or a viewer asked for it. The compose has no URLs from now on; `REMOVED` follows.',
} satisfies Record<string, string>;
export type ComposeEventKind = keyof typeof EVENT_KIND_MEANINGS;
