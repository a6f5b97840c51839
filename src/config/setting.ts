// One row of the settings table, and the kinds of values that rows have.

import { z } from 'zod';

/** What a setting's value may be. */
export interface Kind<T> {
  readonly schema: z.ZodType<T>;
  /** Completes "Write …" in an error. */
  readonly expected: string;
  /** What a number counts. */
  readonly unit?: string;
  /** A mapping or list; in the environment it is YAML or JSON text. */
  readonly isStructure?: true;
  /** Each key of a mapping and its meaning. */
  readonly keys?: Readonly<Record<string, string>>;
}

export interface Setting<T> extends Kind<T> {
  /** The environment variable. */
  readonly env: string;
  /** The variable's name before version 0.2.0. It works, with a warning, until `FORMER_NAMES_END`. */
  readonly former?: string;
  readonly default?: T;
  /** The default as documents show it, where it is not simply `default`. */
  readonly shownDefault: string;
  readonly text: string;
  /** The value is never shown. */
  readonly isSecret: boolean;
  /** The YAML file cannot hold it. */
  readonly isEnvironmentOnly: boolean;
}

interface Row<T> {
  readonly env: string;
  readonly former?: string;
  readonly kind: Kind<T>;
  readonly text: string;
  readonly isSecret?: true;
  readonly isEnvironmentOnly?: true;
}

export function setting<T>(row: Row<T> & { readonly default: NoInfer<T> }): Setting<T>;
export function setting<T>(row: Row<T> & { readonly without: string }): Setting<T | undefined>;
export function setting<T>(
  row: Row<T> & { readonly default?: NoInfer<T>; readonly without?: string },
): Setting<T | undefined> {
  const { kind, without, isSecret = false, isEnvironmentOnly = false, ...rest } = row;
  return { ...kind, ...rest, isSecret, isEnvironmentOnly, shownDefault: without ?? shown(row.default) };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function text(expected: string): Kind<string> {
  return { schema: z.string().min(1), expected };
}

export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER, unit?: string): Kind<number> {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const digits = z
    .string()
    .trim()
    .regex(/^\d{1,16}$/)
    .transform(Number);
  const schema = z.number().or(digits).pipe(z.int().min(minimum).max(maximum));
  return { schema, expected: `a whole number ${range}${unit ? ` (${unit})` : ''}`, ...(unit && { unit }) };
}

export function seconds(minimum: number, maximum = 31_536_000): Kind<number> {
  return wholeNumber(minimum, maximum, 'seconds');
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values): Kind<Values[number]> {
  return { schema: z.enum(values), expected: `one of ${values.join(', ')}` };
}

export const yesOrNo: Kind<boolean> = {
  schema: z
    .boolean()
    .or(z.stringbool())
    .or(z.literal([0, 1]).transform(Boolean)),
  expected: 'true or false, or 1 or 0',
};

/** Numbers in a YAML list are refused, because YAML changes key ids such as 00123456 and 12345e67. */
export function list(what: string, item: z.ZodType<string, string> = z.string(), minimum = 0): Kind<string[]> {
  const items = z.string().transform((value) => value.split(','));
  const schema = z
    .array(z.string())
    .or(items)
    .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''))
    .pipe(z.array(item).min(minimum));
  return { schema, expected: `a list of ${what}: a,b in the environment, ["a", "b"] in YAML` };
}

/** Without slashes at its end. */
export const httpUrlSchema = z
  .url({ protocol: /^https?$/, error: 'is not an http or https URL', abort: true })
  .refine(hasReadableCredentials, 'has a % in its user name or password that begins no escape: write it as %25')
  .transform((url) => url.replace(/\/+$/, ''));

export const httpUrl: Kind<string> = {
  schema: httpUrlSchema,
  expected: 'an http or https URL (% in a user name or password as %25)',
};

function hasReadableCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return isDecodable(username) && isDecodable(password);
}

/** Every % in it begins an escape. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export function urlPrefixes(): Kind<string[]> {
  return list('http or https URLs', z.url({ protocol: /^https?$/ }));
}

export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
    'must begin with a letter or digit and have letters, digits and _ . - only, at most 100',
  );

/** A mapping or list. The environment has it as text. */
export function structure<T>(schema: z.ZodType<T>, expected: string, keys?: Readonly<Record<string, string>>): Kind<T> {
  return { schema, expected, isStructure: true, ...(keys && { keys }) };
}

/** The meanings of a mapping's keys, from the descriptions in its schema. */
export function keysOf(schema: z.ZodObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(schema.shape).map(([key, value]) => [key, (value as z.ZodType).description ?? '']),
  );
}
