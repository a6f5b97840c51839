// What the reader of a source gets: where in the input it stands, the rest of the request, and where problems go.

import type { CreateComposeInput } from '../input.ts';
import { parseLocation, parseUrlLocation } from '../location.ts';
import type { ModuleDefaultsInput } from '../input.ts';
import type { ModuleDefaults } from '../source.ts';
import type { Check, Strings } from './check.ts';
import { PACKAGE, REVISION, TASK } from './names.ts';
import { LIMITS, type RequestRules } from './rules.ts';

export interface SourceContext {
  /** `input.source.tag` and so on. */
  readonly path: string;
  readonly input: CreateComposeInput;
  readonly rules: RequestRules;
  readonly check: Check;
}

export function readPackages({ path, check }: SourceContext, packages: Strings): string[] {
  return check.strings(`${path}.packages`, packages, PACKAGE, LIMITS.packages);
}

/** Scratch builds and modules were never meant to be shipped: Pungi refuses them in anything but a TEST compose. */
export function needsTest({ path, input, check }: SourceContext, field: string, items: readonly string[]): void {
  if (items.length > 0 && (input.composeType ?? 'TEST') !== 'TEST')
    check.fail(
      `${path}.${field}`,
      'may be part of a compose of type TEST only; ask for composeType TEST, or leave it out',
    );
}

export function readScratchTasks(context: SourceContext, tasks: Strings): string[] {
  const read = context.check.strings(`${context.path}.scratchBuildTasks`, tasks, TASK);
  needsTest(context, 'scratchBuildTasks', read);
  return read;
}

export function readModuleDefaults(
  { path, rules, check }: SourceContext,
  given: ModuleDefaultsInput | null | undefined,
): ModuleDefaults | null {
  if (given == null) return null;
  const { moduleDefaultsUrls } = rules;
  const location = parseUrlLocation(given.url, moduleDefaultsUrls);
  const at = `${path}.moduleDefaults`;
  if (moduleDefaultsUrls?.length === 0)
    check.fail(
      `${at}.url`,
      'no git repository of module defaults is configured here (ODCS_MODULE_DEFAULTS_URLS); leave moduleDefaults out',
    );
  else if ('problem' in location) check.fail(`${at}.url`, location.problem);
  return { url: given.url, commit: check.text(`${at}.commit`, given.commit, REVISION) };
}

export function readKojiEvent({ path, check }: SourceContext, event: number | null | undefined): number | null {
  return check.integer(`${path}.kojiEvent`, event, 1, 'must be the number of a Koji event: a whole number above 0');
}

export function readLocation(path: string, text: string, rules: RequestRules, check: Check): string {
  const location = parseLocation(text, rules);
  if ('problem' in location) {
    check.fail(path, location.problem);
    return text;
  }
  return location.kind === 'path' ? location.path : location.url;
}
