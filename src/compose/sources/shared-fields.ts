// Fields that several source types have: their definitions for clients, and how they are read from a request.

import { parseLocation, parseUrlLocation } from '../location.ts';
import type { Check, Strings } from '../validation/check.ts';
import { NAME, NVR, PACKAGE, REVISION, TASK } from '../validation/names.ts';
import { LIMITS, type RequestRules } from '../validation/rules.ts';
import type { SourceContext } from './descriptor.ts';

export type Optional<T> = T | null | undefined;

export interface ModuleDefaults {
  readonly url: string;
  readonly commit: string;
}

export const PACKAGES = {
  kind: 'texts',
  nullable: false,
  meaning: 'The names, or globs, of the packages that the request names. Empty: all packages.',
  request: {
    required: false,
    meaning:
      'Package names or globs (`openssl*`), at most 5,000. Default: all packages. A name that the source lacks fails the compose with `MISSING_PACKAGES`.',
  },
} as const;

export const SCRATCH_BUILD_TASKS = {
  kind: 'texts',
  nullable: false,
  meaning: 'The ids of Koji tasks of scratch builds that are added.',
  request: {
    required: false,
    meaning:
      'Ids of Koji tasks of scratch builds to add, at most 1,000. With compose type `TEST` and the engine Pungi only.',
  },
} as const;

export const MODULE_DEFAULTS = {
  kind: 'moduleDefaults',
  nullable: true,
  meaning: 'The module defaults that are applied; null when there are none.',
  request: {
    required: false,
    meaning: 'Module defaults to apply to the modules. Default: none. With the engine Pungi only.',
  },
} as const;

export const KOJI_EVENT_REQUEST = {
  required: false,
  meaning: 'The Koji event to take packages at, to repeat an earlier compose. Default: the latest.',
} as const;

/** The description of a revision field for clients. */
export const REVISION_MEANING = 'A commit id, or the name of a branch or tag, at most 250 characters.';

export function readPackages({ path, check }: SourceContext, packages: Strings): string[] {
  return check.strings(`${path}.packages`, packages, PACKAGE, LIMITS.packages);
}

export function readBuilds({ path, check }: SourceContext, builds: Strings): string[] {
  return check.strings(`${path}.builds`, builds, NVR);
}

export function readModularTags({ path, check }: SourceContext, tags: Strings): string[] {
  return check.strings(`${path}.modularTags`, tags, NAME);
}

export function readScratchTasks(context: SourceContext, tasks: Strings): string[] {
  const read = context.check.strings(`${context.path}.scratchBuildTasks`, tasks, TASK);
  refuseUnlessTest(context, 'scratchBuildTasks', read);
  return read;
}

/** Pungi refuses scratch builds and scratch modules in composes of any other type. */
export function refuseUnlessTest(
  { path, composeType, check }: SourceContext,
  field: string,
  items: readonly string[],
): void {
  if (items.length > 0 && composeType !== 'TEST')
    check.fail(`${path}.${field}`, 'is allowed with composeType TEST only; request TEST, or leave it out');
}

export function readModuleDefaults(
  { path, rules, check }: SourceContext,
  given: Optional<ModuleDefaults>,
): ModuleDefaults | null {
  if (given == null) return null;
  const { moduleDefaultsUrls } = rules;
  const location = parseUrlLocation(given.url, moduleDefaultsUrls);
  const at = `${path}.moduleDefaults`;
  if (moduleDefaultsUrls?.length === 0)
    check.fail(
      `${at}.url`,
      'cannot be used: this server allows no repository of module defaults (ODCS_MODULE_DEFAULTS_URLS); leave moduleDefaults out',
    );
  else if ('problem' in location) check.fail(`${at}.url`, location.problem);
  return { url: given.url, commit: check.text(`${at}.commit`, given.commit, REVISION) };
}

export function readKojiEvent({ path, check }: SourceContext, event: Optional<number>): number | null {
  return check.integer(`${path}.kojiEvent`, event, 1, 'must be the id of a Koji event: a whole number above 0');
}

export function readLocation(path: string, text: string, rules: RequestRules, check: Check): string {
  const location = parseLocation(text, rules);
  if ('problem' in location) {
    check.fail(path, location.problem);
    return text;
  }
  return location.kind === 'path' ? location.path : location.url;
}
