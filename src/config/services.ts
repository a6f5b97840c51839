// The settings that are structures: services and configurations that composes are made from. YAML in the file that
// ODCS_CONFIG names, or the same as YAML or JSON text in the environment. Secrets stand in files of their own.

import { accessSync, constants, readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { tlsProblem } from './tls.ts';

const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'must begin with a letter or digit and hold only those and _ . -');

/** What stands in an environment variable is text: a structure there is YAML, of which JSON is a part. */
export function structure<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>> {
  const read = (value: unknown, context: z.RefinementCtx): unknown => {
    if (typeof value !== 'string') return value;
    try {
      return parseYaml(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is not YAML: ${(error as Error).message.split('\n')[0]}` });
      return z.NEVER;
    }
  };
  return z.unknown().transform(read).pipe(schema);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** The content of a file, without the line end at its end. */
const secretFile = z
  .string()
  .min(1)
  .transform((path, context) => {
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      context.addIssue({ code: 'custom', message: `cannot be read (${(error as NodeJS.ErrnoException).code})` });
      return z.NEVER;
    }
  });

export const pulpSettings = z
  .strictObject({
    url: httpUrl,
    kind: z.union([z.literal(2), z.literal(3)]),
    /** What the repositories' relative URLs are relative to (Pulp 2). */
    contentUrl: httpUrl.optional(),
    username: z.string().min(1).optional(),
    passwordFile: secretFile.optional(),
    /** PEM: what the service shows Pulp of itself. */
    certFile: secretFile.optional(),
    keyFile: secretFile.optional(),
    /** PEM: who vouches for Pulp, where it is nobody that Node.js knows. */
    caFile: secretFile.optional(),
    /** Of the distributions, where they are not those of the default domain (Pulp 3). */
    apiPath: z.string().startsWith('/').endsWith('/').optional(),
    /** Names of labels where they are not those of Pulp 2's notes (Pulp 3). */
    labels: z
      .strictObject({
        contentSet: z.string(),
        arch: z.string(),
        signatures: z.string(),
        productVersions: z.string(),
        published: z.string(),
      })
      .partial()
      .optional(),
  })
  .transform(({ passwordFile, certFile, keyFile, caFile, ...settings }, context) => {
    const tls = {
      ...(certFile !== undefined && { cert: certFile }),
      ...(keyFile !== undefined && { key: keyFile }),
      ...(caFile !== undefined && { ca: caFile }),
    };
    const problem = tlsProblem(tls);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    return {
      ...settings,
      ...(passwordFile !== undefined && { password: passwordFile }),
      ...(Object.keys(tls).length > 0 && { tls }),
    };
  });

export type PulpSettings = z.infer<typeof pulpSettings>;

export const ctsSettings = z.strictObject({
  url: httpUrl,
  /** Read again for each question, so that the token may be renewed. */
  tokenFile: z.string().startsWith('/', 'must be an absolute path').refine(isReadable, 'cannot be read').optional(),
});

const relativePath = z
  .string()
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\u0000-\u001f\u007f]{1,500}$/, 'must be a path inside of the repository');

const rawConfig = z.strictObject({
  /** Of the git repository. */
  url: z.string().regex(/^(https?|ssh|git|file):\/\/[^-]/, 'must be the URL of a git repository'),
  /** Of the directory in it that holds the configuration. */
  path: relativePath.optional(),
  configFile: relativePath,
  /** Where it is given, only this can be asked for. */
  commit: z.string().min(1).max(250).optional(),
  /** A template, by its path on this machine, whose text is the configuration that Pungi is given. */
  wrapper: z.string().startsWith('/').optional(),
  /** JSON files, by their paths in the repository or on this machine, for `pungi-config-validate --schema-override`. */
  schemaOverride: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .default([]),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(23 * 3600)
    .optional(),
  /** Further arguments of pungi-koji. */
  arguments: z.array(z.string().regex(/^--[a-z]/, 'must be an option, as --name=value')).default([]),
});

export const rawConfigSettings = z.record(name, rawConfig);

export type RawConfigSettings = z.infer<typeof rawConfig>;
