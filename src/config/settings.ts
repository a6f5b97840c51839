// The one table of settings, by their paths in the YAML file. The configuration object has the same paths. `--help`,
// docs/reference/settings.md and the errors at the start are made from it.

import { COMPOSE_SETTINGS } from './compose-settings.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import type { Setting } from './setting.ts';
import { SOURCE_SETTINGS } from './source-settings.ts';

export const SETTINGS = { ...PROCESS_SETTINGS, ...COMPOSE_SETTINGS, ...SOURCE_SETTINGS } as const;

/** The version that drops the former names of settings. */
export const FORMER_NAMES_END = '0.4.0';

type Table = typeof SETTINGS;
export type SettingPath = keyof Table;

/** The sections of the YAML file. `pulp` is a setting itself, and `pulp.password` one of its keys. */
type Section = Exclude<
  SettingPath extends infer Path ? (Path extends `${infer First}.${string}` ? First : never) : never,
  SettingPath
>;
type ValueOf<Row> = Row extends Setting<infer T> ? T : never;

/** The validated values, nested as in the YAML file. */
export type Values = {
  readonly [Path in SettingPath as Path extends `${string}.${string}` ? never : Path]: ValueOf<Table[Path]>;
} & {
  readonly [S in Section]: {
    readonly [Path in SettingPath as Path extends `${S}.${infer Key}` ? Key : never]: ValueOf<Table[Path]>;
  };
};

export const settingEntries = Object.entries(SETTINGS) as readonly (readonly [SettingPath, Setting<unknown>])[];
