// What is wrong with a setting, for the person who starts the service: the setting by both its names, what is wrong, the
// given value unless it is a secret, and what to write.

import type { z } from 'zod';
import { redactLine } from '../compose/redaction.ts';
import type { Setting } from './setting.ts';
import { SETTINGS, settingEntries, type SettingPath } from './settings.ts';

export interface ConfigProblem {
  /** The environment variable; null for a key of the YAML file that is no setting. */
  readonly env: string | null;
  /** The path in the YAML file. */
  readonly path: string;
  readonly text: string;
}

const LONGEST_VALUE = 100;

export function problem(path: SettingPath, what: string, remedy: string): ConfigProblem {
  return problemAt(SETTINGS[path], path, what, remedy);
}

/** One for each issue of a structure, else one. */
export function invalidValue(
  path: SettingPath,
  setting: Setting<unknown>,
  issues: readonly z.core.$ZodIssue[],
  given: unknown,
): ConfigProblem[] {
  const remedy = `Write ${setting.expected}.`;
  if (!setting.isStructure) {
    const value = setting.isSecret ? null : shown(given);
    return [problemAt(setting, path, value === null ? 'the value is not valid' : `${value} is not valid`, remedy)];
  }
  const mayHoldSecret = hasSecretKey(path);
  return issues.map((issue) => {
    const at = [path, ...issue.path.map(String)].join('.');
    // The whole structure is never shown, because it can hold secrets in a wrong place.
    const value = mayHoldSecret || issue.path.length === 0 ? null : shown(valueAt(given, issue.path));
    // In `{password:x}` YAML reads the secret as a part of the key.
    const hidesKeys = mayHoldSecret && issue.code === 'unrecognized_keys';
    const message = hidesKeys ? 'has keys that do not exist' : issue.message;
    const key = issue.path.map(String).find((name) => setting.keys?.[name] !== undefined);
    const meaning = key === undefined ? remedy : `${key}: ${setting.keys?.[key]}`;
    return problemAt(setting, at, `${message}${value === null ? '' : `, but is ${value}`}`, meaning);
  });
}

/** About a key of the YAML file that is no setting. */
export function keyProblem(path: string, what: string, remedy: string): ConfigProblem {
  return { env: null, path, text: `${path} (in YAML): ${what}. ${remedy}` };
}

function problemAt(setting: Setting<unknown>, path: string, what: string, remedy: string): ConfigProblem {
  const name = setting.isEnvironmentOnly ? setting.env : `${setting.env} (in YAML ${path})`;
  return { env: setting.env, path, text: `${name}: ${what}. ${remedy}` };
}

function hasSecretKey(path: SettingPath): boolean {
  return settingEntries.some(([known, { isSecret }]) => isSecret && known.startsWith(`${path}.`));
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], given);
}

/** Null for what is missing or too large to show. URLs lose their user names and passwords. */
function shown(value: unknown): string | null {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return null;
  const text = redactLine(JSON.stringify(value));
  return text.length > LONGEST_VALUE ? null : text;
}
