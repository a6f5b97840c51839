// Modules by name and stream, or all modules of Koji tags. Versions and contexts may be given; a scratch module needs all
// four parts, because nothing can be looked up for it.

import { unique, type Strings } from '../validation/check.ts';
import { NAME } from '../validation/names.ts';
import type { FieldsOf, SourceContext, SourceDescriptor } from './descriptor.ts';
import {
  MODULE_DEFAULTS,
  readModularTags,
  readModuleDefaults,
  refuseUnlessTest,
  type ModuleDefaults,
  type Optional,
} from './shared-fields.ts';

export interface BaseModule {
  readonly name: string;
  readonly stream: string | null;
  readonly streamVersionGte: number | null;
  readonly streamVersionLte: number | null;
}

export interface BaseModuleInput {
  readonly name: string;
  readonly stream?: Optional<string>;
  readonly streamVersionGte?: Optional<number>;
  readonly streamVersionLte?: Optional<number>;
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

export interface ModuleSourceInput {
  readonly modules?: Strings;
  readonly scratchModules?: Strings;
  readonly modularTags?: Strings;
  readonly moduleDefaults?: Optional<ModuleDefaults>;
  readonly baseModule?: Optional<BaseModuleInput>;
}

export const moduleSource: SourceDescriptor<ModuleSource, ModuleSourceInput, 'module'> = {
  field: 'module',
  meaning: 'Modules, from MBS or modular Koji tags, and without `NO_DEPS` the modules that they require.',
  fields: {
    modules: {
      kind: 'texts',
      nullable: false,
      meaning: 'The modules as requested: `name:stream`, `name:stream:version` or `name:stream:version:context`.',
      request: {
        required: false,
        meaning:
          'Modules as `name:stream` (the latest version, all contexts), `name:stream:version` or `name:stream:version:context`, at most 1,000. With `modularTags` the default is all modules of the tags; else `modules` or `scratchModules` must name one.',
      },
    },
    resolvedModules: {
      kind: 'texts',
      nullable: true,
      meaning: 'All modules of the compose, as `name:stream:version:context` (NSVC); null before they are resolved.',
      request: null,
    },
    scratchModules: {
      kind: 'texts',
      nullable: false,
      meaning: 'The scratch builds of modules that are added, as NSVC.',
      request: {
        required: false,
        meaning: 'Scratch builds of modules in MBS, as `name:stream:version:context`. With compose type `TEST` only.',
      },
    },
    modularTags: {
      kind: 'texts',
      nullable: false,
      meaning: 'The Koji tags in which modules are looked up in place of MBS. Empty: MBS is used.',
      request: { required: false, meaning: 'Koji tags to look modules up in, in place of MBS. Default: MBS.' },
    },
    moduleDefaults: MODULE_DEFAULTS,
    baseModule: {
      kind: 'baseModule',
      nullable: true,
      meaning: 'The base module that the modules must be built on; null for any.',
      request: {
        required: false,
        meaning: 'The base module that the modules must be built on. Not together with `modularTags`. Default: any.',
      },
    },
  } satisfies FieldsOf<ModuleSource, ModuleSourceInput>,
  validate: validateModules,
  key: ({ modules }) => modules.join(' '),
  resolvedFields: ['resolvedModules'],
  inputOnlyFields: ['modules', 'baseModule', 'moduleDefaults'],
  respin: (source, { modules }) => (modules ? { ...source, modules, resolvedModules: null } : source),
  renewModules: (context, modules, { scratchModules, modularTags }) =>
    validateModules(context, { modules, scratchModules, modularTags }).modules,
  flags: ['dependencies', 'modules'],
  neededSetting: 'ODCS_KOJI',
  lane: 'generate',
  output: 'repository',
  resolvesRequest: false,
};

const NAMED_MODULE = {
  shape: /^[^:]+:[^:]+(?::\d{1,30}(?::[^:]+)?)?$/,
  expected: 'must be name:stream, name:stream:version or name:stream:version:context',
};
const EXACT_MODULE = { shape: /^[^:]+:[^:]+:\d{1,30}:[^:]+$/, expected: 'must be name:stream:version:context' };

function validateModules(context: SourceContext, input: ModuleSourceInput): ModuleSource {
  const modules = readModules(context, 'modules', input.modules, NAMED_MODULE);
  const scratchModules = readModules(context, 'scratchModules', input.scratchModules, EXACT_MODULE);
  refuseUnlessTest(context, 'scratchModules', scratchModules);
  const modularTags = readModularTags(context, input.modularTags);
  refuseWithoutLookup(context, { modules, scratchModules, modularTags });
  if (input.baseModule != null && modularTags.length > 0)
    context.check.fail(
      `${context.path}.baseModule`,
      'cannot be combined with modularTags, because modules of tags are not looked up in MBS; leave one of them out',
    );
  return {
    type: 'MODULE',
    modules,
    resolvedModules: null,
    scratchModules,
    modularTags,
    moduleDefaults: readModuleDefaults(context, input.moduleDefaults),
    baseModule: readBaseModule(context, input.baseModule),
  };
}

/** Modules are looked up in modular tags, or else in MBS; scratch modules only in MBS. */
function refuseWithoutLookup(
  { path, rules, check }: SourceContext,
  { modules, scratchModules, modularTags }: Pick<ModuleSource, 'modules' | 'scratchModules' | 'modularTags'>,
): void {
  if (modules.length + scratchModules.length + modularTags.length === 0)
    check.fail(`${path}.modules`, 'must name at least one module, unless scratchModules or modularTags are given');
  if (rules.hasMbs) return;
  if (modules.length > 0 && modularTags.length === 0)
    check.fail(
      `${path}.modules`,
      'need modularTags, because this server has no MBS to look modules up in (ODCS_MBS_URL)',
    );
  if (scratchModules.length > 0)
    check.fail(`${path}.scratchModules`, 'cannot be used, because this server has no MBS (ODCS_MBS_URL); leave it out');
}

function readModules(
  { path, rules, check }: SourceContext,
  field: string,
  values: Strings,
  { shape, expected }: { readonly shape: RegExp; readonly expected: string },
): string[] {
  const names = unique(check.strings(`${path}.${field}`, values, NAME));
  for (const [index, name] of names.entries()) {
    if (!NAME.pattern.test(name) || check.problems.some((problem) => problem.path === `${path}.${field}`)) continue;
    const [base] = name.split(':');
    if (!shape.test(name)) check.fail(`${path}.${field}.${index}`, expected);
    else if (base !== undefined && rules.baseModules.includes(base))
      check.fail(
        `${path}.${field}.${index}`,
        `must not be ${base}, a base module that is never part of a compose; name modules that are built on it`,
      );
  }
  return names;
}

function readBaseModule({ path, check }: SourceContext, given: Optional<BaseModuleInput>): BaseModule | null {
  if (given == null) return null;
  const at = `${path}.baseModule`;
  const version = 'must be a version of the stream: a whole number of at least 0';
  const streamVersionGte = check.integer(`${at}.streamVersionGte`, given.streamVersionGte, 0, version);
  const streamVersionLte = check.integer(`${at}.streamVersionLte`, given.streamVersionLte, 0, version);
  if (streamVersionGte !== null && streamVersionLte !== null && streamVersionGte > streamVersionLte)
    check.fail(`${at}.streamVersionGte`, 'must not be greater than streamVersionLte');
  return {
    name: check.text(`${at}.name`, given.name, NAME),
    stream: given.stream == null ? null : check.text(`${at}.stream`, given.stream, NAME),
    streamVersionGte,
    streamVersionLte,
  };
}
