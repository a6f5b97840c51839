// The one source that a request names, by the reader of its type.

import type { CreateComposeInput } from '../input.ts';
import { SOURCE_FIELDS, type ComposeSource } from '../source.ts';
import { SOURCE_TYPES, type SourceType } from '../vocabulary.ts';
import { readBuildSource } from './build-source.ts';
import type { Check } from './check.ts';
import type { SourceContext } from './context.ts';
import { readModuleSource } from './module-source.ts';
import { readPulpSource } from './pulp-source.ts';
import { readPungiComposeSource } from './pungi-compose-source.ts';
import { readRawConfigSource } from './raw-config-source.ts';
import { readRepoSource } from './repo-source.ts';
import type { RequestRules } from './rules.ts';
import { readTagSource } from './tag-source.ts';

/** What an operator has to set for a source; those that are not here need no more than an engine. */
const NEEDED_SETTINGS: Partial<Record<SourceType, string>> = {
  PULP: 'ODCS_PULP',
  RAW_CONFIG: 'ODCS_RAW_CONFIGS and Pungi',
};

/** Null where it cannot even be told which source is meant, or where nothing here can do it. */
export function readSource(input: CreateComposeInput, rules: RequestRules, check: Check): ComposeSource | null {
  const given = SOURCE_TYPES.filter((type) => input.source[SOURCE_FIELDS[type]] != null);
  const [type] = given;
  if (!type || given.length > 1) {
    check.fail(
      'input.source',
      `must name exactly one of ${Object.values(SOURCE_FIELDS).join(', ')}; ${given.length} are given`,
    );
    return null;
  }
  const path = `input.source.${SOURCE_FIELDS[type]}`;
  if (!rules.capabilities.has(type)) {
    const can = [...rules.capabilities.keys()].map((able) => SOURCE_FIELDS[able]).join(', ') || 'none';
    const missing = NEEDED_SETTINGS[type];
    check.fail(
      path,
      `${missing ? `is not configured here (${missing})` : 'no configured engine can do this source'}; possible here: ${can}`,
    );
    return null;
  }
  return readAny({ path, input, rules, check });
}

function readAny(context: SourceContext): ComposeSource | null {
  const { tag, module, repo, pulp, rawConfig, build, pungiCompose } = context.input.source;
  if (tag) return readTagSource(context, tag);
  if (module) return readModuleSource(context, module);
  if (repo) return readRepoSource(context, repo);
  if (pulp) return readPulpSource(context, pulp);
  if (rawConfig) return readRawConfigSource(context, rawConfig);
  if (build) return readBuildSource(context, build);
  return pungiCompose ? readPungiComposeSource(context, pungiCompose) : null;
}
