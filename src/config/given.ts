// The values that the environment and the YAML file give, before they are checked. The environment wins. Former names
// work, with a warning.

import type { Setting } from './setting.ts';
import { FORMER_NAMES_END, SETTINGS, settingEntries, type SettingPath } from './settings.ts';
import { keyProblem, problem, type ConfigProblem } from './problem.ts';
import { isMapping, parseYaml, type Mapping } from './yaml.ts';

export interface Given {
  readonly values: ReadonlyMap<SettingPath, unknown>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const SEE_HELP = 'See `npm start -- --help` for all settings.';

export function givenValues(environment: Environment, file: Mapping): Given {
  const values = new Map<SettingPath, unknown>();
  const problems = unknownKeys(file);
  const warnings: string[] = [];
  for (const [path, setting] of settingEntries) {
    const inEnvironment = fromEnvironment(environment, path, setting, warnings);
    const inFile = setting.isEnvironmentOnly ? undefined : fromFile(file, path, setting, warnings);
    const given = inEnvironment ?? inFile;
    // In the environment a structure is YAML or JSON text.
    const read = setting.isStructure && typeof given === 'string' ? parseYaml(given) : { value: given };
    if ('problem' in read) problems.push(problem(path, read.problem, `Write ${setting.expected}.`));
    else if (read.value !== undefined && read.value !== null) values.set(path, read.value);
  }
  const pulp = values.get('pulp');
  if (isMapping(pulp)) values.set('pulp', withPassword(pulp, environment, values.get('pulp.password')));
  return { values, problems, warnings: [...warnings, ...unknownVariables(environment)] };
}

/** The password is a key of `pulp` with a variable of its own, so that no file has to hold it. The variable wins. */
function withPassword(pulp: Mapping, environment: Environment, password: unknown): Mapping {
  if (password === undefined) return pulp;
  if (!environment[SETTINGS['pulp.password'].env]) return { password, ...pulp };
  const { passwordFile: _replaced, ...others } = pulp;
  return { ...others, password };
}

function fromEnvironment(
  environment: Environment,
  path: SettingPath,
  { env, former, isEnvironmentOnly }: Setting<unknown>,
  warnings: string[],
): string | undefined {
  // An empty variable counts as unset, so that docker compose can pass variables on.
  const value = environment[env] || undefined;
  const formerValue = (former && environment[former]) || undefined;
  if (former && formerValue !== undefined) {
    const name = isEnvironmentOnly ? env : `${env} (in YAML ${path})`;
    warnings.push(formerName(former, name, value !== undefined));
  }
  return value ?? formerValue;
}

/** Before version 0.2.0 the file had flat keys with the names of the variables. */
function fromFile(file: Mapping, path: SettingPath, { env, former }: Setting<unknown>, warnings: string[]): unknown {
  const value = path.split('.').reduce<unknown>((at, key) => (isMapping(at) ? at[key] : undefined), file) ?? undefined;
  const formerKeys = [env, former].filter((key) => key !== undefined && isGiven(file[key])) as string[];
  for (const key of formerKeys) warnings.push(formerName(`${key} in the YAML file`, path, value !== undefined));
  return value ?? formerKeys.map((key) => file[key])[0];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function formerName(former: string, name: string, isIgnored: boolean): string {
  const effect = isIgnored ? `is ignored because ${name} is set, too` : `still works until version ${FORMER_NAMES_END}`;
  return `${former} is the former name of a setting and ${effect}. Write ${name} instead.`;
}

/** Keys of the file that are no setting and no section. */
function unknownKeys(file: Mapping, prefix = ''): ConfigProblem[] {
  return Object.entries(file).flatMap(([key, value]): ConfigProblem[] => {
    const path = `${prefix}${key}`;
    const isFormer = prefix === '' && settingEntries.some(([, { env, former }]) => key === env || key === former);
    const isSetting = settingEntries.some(([known, { isEnvironmentOnly }]) => known === path && !isEnvironmentOnly);
    if (isFormer || isSetting) return [];
    const keys = settingEntries.flatMap(([known]) =>
      known.startsWith(`${path}.`) ? [known.slice(path.length + 1)] : [],
    );
    if (keys.length === 0) return [keyProblem(path, 'there is no such setting', SEE_HELP)];
    if (value === null) return [];
    if (isMapping(value)) return unknownKeys(value, `${path}.`);
    return [keyProblem(path, 'is a section, not a setting', `Write a mapping with some of ${keys.join(', ')}.`)];
  });
}

/** A variable may belong to another program, such as ODCS_URL to a client: it is worth a warning only. */
function unknownVariables(environment: Environment): string[] {
  return Object.keys(environment)
    .filter(
      (name) =>
        name.startsWith('ODCS_') && !settingEntries.some(([, { env, former }]) => name === env || name === former),
    )
    .map((name) => `${name} is no setting and is ignored. ${SEE_HELP}`);
}
