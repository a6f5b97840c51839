// docs/reference/settings.md: every setting, by the sections of the YAML file.

import type { Setting } from '../config/setting.ts';
import { settingEntries } from '../config/settings.ts';
import { table } from './markdown.ts';

export function settingsReference(): string {
  const sections = Map.groupBy(settingEntries, ([path, { isStructure }]) =>
    path.includes('.') || isStructure ? (path.split('.')[0] ?? path) : 'General',
  );
  return [...sections].map(([name, entries]) => section(name, entries)).join('\n\n');
}

type Entry = (typeof settingEntries)[number];

function section(name: string, entries: readonly Entry[]): string {
  const rows = entries.map(([path, setting]) => [
    setting.isEnvironmentOnly ? '–' : `\`${path}\``,
    `\`${setting.env}\``,
    shownDefault(setting),
    meaning(setting),
  ]);
  const keys = entries.flatMap(([path, setting]) => (setting.keys ? [keyTable(path, setting.keys)] : []));
  return [`## ${name}`, table(['YAML', 'Environment', 'Default', 'Meaning'], rows), ...keys].join('\n\n');
}

function shownDefault({ default: value, shownDefault: shown }: Setting<unknown>): string {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? shown : `\`${shown}\``;
}

function meaning({ text, expected, isSecret, former }: Setting<unknown>): string {
  return [
    text,
    `Value: ${expected}.`,
    ...(isSecret ? ['Secret: it is never shown.'] : []),
    ...(former ? [`Former name: \`${former}\`.`] : []),
  ].join(' ');
}

function keyTable(path: string, keys: Readonly<Record<string, string>>): string {
  return `Keys of \`${path}\`:\n\n${table(
    ['Key', 'Meaning'],
    Object.entries(keys).map(([key, text]) => [`\`${key}\``, text]),
  )}`;
}
