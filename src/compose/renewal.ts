// What renewing asks for: more time for the same, or the same again with other signatures, builds or modules. Made again,
// a compose takes what the first one was taken from (its Koji event, versions of modules, commit), so that nothing but
// what was asked to differ does.

import type { Compose } from './compose.ts';
import type { FieldProblem } from './refusal.ts';
import type { ComposeRequest } from './request.ts';
import { SOURCE_FIELDS, type ComposeSource } from './source.ts';
import { readBuildSource } from './validation/build-source.ts';
import { Check, type Strings } from './validation/check.ts';
import { readModuleSource } from './validation/module-source.ts';
import { NAME, NVR, SIGKEY } from './validation/names.ts';
import { LIMITS, type RequestRules } from './validation/rules.ts';
import { readSecondsToLive } from './validation/seconds-to-live.ts';

export interface RenewComposeInput {
  readonly id: string;
  readonly secondsToLive?: number | null | undefined;
  readonly sigkeys?: Strings;
  readonly builds?: Strings;
  readonly modules?: Strings;
  readonly idempotencyKey?: string | null | undefined;
}

export interface Renewal {
  readonly secondsToLive: number;
  /** Null: as they are. */
  readonly sigkeys: readonly string[] | null;
  readonly builds: readonly string[] | null;
  readonly modules: readonly string[] | null;
}

export function validateRenewal(
  input: RenewComposeInput,
  compose: Compose,
  rules: RequestRules,
): { readonly renewal: Renewal } | { readonly problems: readonly FieldProblem[] } {
  const check = new Check();
  const renewal = {
    secondsToLive: readSecondsToLive(input.secondsToLive, rules, check),
    sigkeys: input.sigkeys == null ? null : check.strings('input.sigkeys', input.sigkeys, SIGKEY),
    builds: input.builds == null ? null : readBuilds(input.builds, compose, rules, check),
    modules: input.modules == null ? null : readModules(input.modules, compose, rules, check),
  };
  if (
    input.idempotencyKey != null &&
    (input.idempotencyKey === '' || input.idempotencyKey.length > LIMITS.idempotencyKey)
  ) {
    check.fail('input.idempotencyKey', `must be 1 to ${LIMITS.idempotencyKey} characters`);
  }
  return check.problems.length > 0 ? { problems: check.problems } : { renewal };
}

function readBuilds(
  builds: readonly string[],
  { source, composeType }: Compose,
  rules: RequestRules,
  check: Check,
): readonly string[] {
  if (source.type === 'BUILD') {
    const context = { path: 'input', input: { source: {}, composeType }, rules, check };
    return readBuildSource(context, { builds, scratchBuildTasks: source.scratchBuildTasks }).builds;
  }
  if (source.type === 'TAG' || source.type === 'RAW_CONFIG') return check.strings('input.builds', builds, NVR);
  check.fail('input.builds', `a source ${SOURCE_FIELDS[source.type]} takes no builds; leave them out`);
  return builds;
}

function readModules(
  modules: readonly string[],
  { source, composeType }: Compose,
  rules: RequestRules,
  check: Check,
): readonly string[] {
  if (source.type === 'MODULE') {
    const context = { path: 'input', input: { source: {}, composeType }, rules, check };
    return readModuleSource(context, {
      modules,
      scratchModules: source.scratchModules,
      modularTags: source.modularTags,
    }).modules;
  }
  if (source.type === 'RAW_CONFIG') return check.strings('input.modules', modules, NAME);
  check.fail('input.modules', `a source ${SOURCE_FIELDS[source.type]} takes no modules; leave them out`);
  return modules;
}

/** Whether what is asked for is another compose than this one. */
export function differs({ source, sigkeys }: Compose, renewal: Renewal): boolean {
  // In order of preference: another order is another result.
  if (renewal.sigkeys && JSON.stringify(renewal.sigkeys) !== JSON.stringify(sigkeys)) return true;
  if (renewal.builds && 'builds' in source && !sameItems(renewal.builds, source.builds)) return true;
  if (!renewal.modules || !('modules' in source)) return false;
  const resolved = source.type === 'MODULE' ? source.resolvedModules : null;
  return !sameItems(renewal.modules, source.modules) && !(resolved && sameItems(renewal.modules, resolved));
}

function sameItems(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(others);
  return new Set(some).size === set.size && some.every((item) => set.has(item));
}

/** The request for the compose again, `renewal` applied; `respinOf` is what Pungi called the first one. */
export function respin(compose: Compose, renewal: Renewal, respinOf: string | null): ComposeRequest {
  return {
    source: respunSource(compose.source, renewal),
    secondsToLive: renewal.secondsToLive,
    arches: compose.arches,
    flags: compose.flags,
    results: compose.results,
    sigkeys: renewal.sigkeys ?? compose.sigkeys,
    multilibArches: compose.multilibArches,
    multilibMethods: compose.multilibMethods,
    lookasideRepos: compose.lookasideRepos,
    composeType: compose.composeType,
    label: compose.label,
    targetDir: compose.targetDir,
    parentPungiComposeIds: compose.parentPungiComposeIds,
    respinOf,
  };
}

function respunSource(source: ComposeSource, { builds, modules }: Renewal): ComposeSource {
  switch (source.type) {
    case 'TAG':
    case 'BUILD':
      return { ...source, builds: builds ?? source.builds };
    case 'MODULE':
      return modules ? { ...source, modules, resolvedModules: null } : source;
    case 'RAW_CONFIG':
      return { ...source, builds: builds ?? source.builds, modules: modules ?? source.modules };
    case 'REPO':
      return { ...source, revisions: null };
    case 'PULP':
      return { ...source, resolvedContentSets: null };
    case 'PUNGI_COMPOSE':
      return source;
  }
}
