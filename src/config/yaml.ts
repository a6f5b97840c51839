// The YAML file that ODCS_CONFIG names, and YAML or JSON text in the environment.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export type Mapping = Readonly<Record<string, unknown>>;

type YamlRead<T> = { readonly value: T } | { readonly problem: string };

export function readYamlFile(path: string): YamlRead<Mapping> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { problem: `${path} cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  const read = parseYaml(text);
  if ('problem' in read) return { problem: `${path} ${read.problem}` };
  const value = read.value ?? {};
  return isMapping(value) ? { value } : { problem: `${path} is not a mapping of settings` };
}

export function parseYaml(text: string): YamlRead<unknown> {
  try {
    return { value: parse(text) };
  } catch (error) {
    // What follows a colon can be a part of the text, which may hold secrets.
    return { problem: `is not YAML: ${(error as Error).message.replace(/:\s.*/s, '')}` };
  }
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
