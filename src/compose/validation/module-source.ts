// Modules by name and stream, or all of a modular tag. Exact versions and contexts may be given; scratch modules need all
// four parts, for nothing could be looked up for them.

import type { BaseModuleInput, ModuleSourceInput } from '../input.ts';
import type { BaseModule, ModuleSource } from '../source.ts';
import { unique, type Strings } from './check.ts';
import { needsTest, readModuleDefaults, type SourceContext } from './context.ts';
import { NAME } from './names.ts';

const MODULE = /^[^:]+:[^:]+(?::\d{1,30}(?::[^:]+)?)?$/;
const EXACT_MODULE = /^[^:]+:[^:]+:\d{1,30}:[^:]+$/;

export function readModuleSource(context: SourceContext, source: ModuleSourceInput): ModuleSource {
  const { path, rules, check } = context;
  const modules = readModules(
    context,
    'modules',
    source.modules,
    MODULE,
    'must be name:stream, name:stream:version or name:stream:version:context',
  );
  const scratchModules = readModules(
    context,
    'scratchModules',
    source.scratchModules,
    EXACT_MODULE,
    'must be name:stream:version:context',
  );
  needsTest(context, 'scratchModules', scratchModules);
  const modularTags = check.strings(`${path}.modularTags`, source.modularTags, NAME);
  if (modules.length + scratchModules.length + modularTags.length === 0)
    check.fail(`${path}.modules`, 'must name at least one module; or give scratchModules or modularTags');
  if (!rules.hasMbs && modules.length > 0 && modularTags.length === 0)
    check.fail(`${path}.modules`, 'can be looked up in modularTags only, for no MBS is configured here (ODCS_MBS_URL)');
  if (!rules.hasMbs && scratchModules.length > 0)
    check.fail(`${path}.scratchModules`, 'need an MBS, and none is configured here (ODCS_MBS_URL)');
  if (source.baseModule != null && modularTags.length > 0)
    check.fail(
      `${path}.baseModule`,
      'bounds what is looked up in MBS, and with modularTags nothing is; leave one of them out',
    );
  return {
    type: 'MODULE',
    modules,
    resolvedModules: null,
    scratchModules,
    modularTags,
    moduleDefaults: readModuleDefaults(context, source.moduleDefaults),
    baseModule: readBaseModule(context, source.baseModule),
  };
}

function readModules(
  { path, rules, check }: SourceContext,
  field: string,
  values: Strings,
  shape: RegExp,
  expected: string,
): string[] {
  const names = unique(check.strings(`${path}.${field}`, values, NAME));
  names.forEach((name, index) => {
    if (!NAME.pattern.test(name) || check.problems.some((problem) => problem.path === `${path}.${field}`)) return;
    const [base] = name.split(':');
    if (!shape.test(name)) check.fail(`${path}.${field}.${index}`, expected);
    else if (base !== undefined && rules.baseModules.includes(base))
      check.fail(
        `${path}.${field}.${index}`,
        `${base} is a base module, which no compose holds; name modules that are built on it`,
      );
  });
  return names;
}

function readBaseModule({ path, check }: SourceContext, given: BaseModuleInput | null | undefined): BaseModule | null {
  if (given == null) return null;
  const at = `${path}.baseModule`;
  const version = 'must be a version of the stream: a whole number of at least 0';
  const streamVersionGte = check.integer(`${at}.streamVersionGte`, given.streamVersionGte, 0, version);
  const streamVersionLte = check.integer(`${at}.streamVersionLte`, given.streamVersionLte, 0, version);
  if (streamVersionGte !== null && streamVersionLte !== null && streamVersionGte > streamVersionLte)
    check.fail(`${at}.streamVersionGte`, 'must not be more than streamVersionLte');
  return {
    name: check.text(`${at}.name`, given.name, NAME),
    stream: given.stream == null ? null : check.text(`${at}.stream`, given.stream, NAME),
    streamVersionGte,
    streamVersionLte,
  };
}
