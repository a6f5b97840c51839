// Loads the configuration from the environment and the YAML file. It is the only reader of `process.env`. The answer is
// the whole configuration, or every problem at once.

import type { z } from 'zod';
import { configOf, type Config } from './config.ts';
import { checkTogether } from './checks.ts';
import { givenValues } from './given.ts';
import { invalidValue, problem, type ConfigProblem } from './problem.ts';
import { settingEntries, type SettingPath, type Values } from './settings.ts';
import { readYamlFile, type Mapping } from './yaml.ts';

type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[]; readonly warnings: readonly string[] };

export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Loaded {
  const problems: ConfigProblem[] = [];
  const file = readFile(environment['ODCS_CONFIG'], problems);
  const { values, warnings, problems: unreadable } = givenValues(environment, file);
  problems.push(...unreadable);
  const valid = validated(values, problems);
  if (problems.length === 0) problems.push(...checkTogether(valid));
  if (problems.length > 0) return { ok: false, problems, warnings };
  return { ok: true, config: configOf(valid, environment['PATH'] ?? ''), warnings };
}

function readFile(path: string | undefined, problems: ConfigProblem[]): Mapping {
  if (!path) return {};
  const read = readYamlFile(path);
  if ('value' in read) return read.value;
  problems.push(problem('configFile', read.problem, 'Write the path of a YAML file that the service can read.'));
  return {};
}

/** Complete only if it finds no problem. */
function validated(given: ReadonlyMap<SettingPath, unknown>, problems: ConfigProblem[]): Values {
  const valid: Record<string, unknown> = {};
  for (const [path, setting] of settingEntries) {
    // `pulp` holds its password already.
    if (path === 'pulp.password') continue;
    const [first = '', second] = path.split('.');
    const place = (second === undefined ? valid : (valid[first] ??= {})) as Record<string, unknown>;
    const value = given.get(path);
    const read = value === undefined ? null : setting.schema.safeParse(value, { error: issueText });
    if (read?.success !== false) place[second ?? first] = read ? read.data : setting.default;
    else problems.push(...invalidValue(path, setting, read.error.issues, value));
  }
  return valid as unknown as Values;
}

/** What zod says in terms of types, for a person who writes YAML. */
function issueText(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be of the type ${issue.expected}`;
    case 'unrecognized_keys':
      return `has keys that do not exist: ${issue.keys.join(', ')}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_key':
      return 'has a name that is not allowed';
    case 'invalid_union':
      return 'is not valid';
    default:
      return undefined;
  }
}
