// The Pungi configurations, in git repositories, that raw-config composes may use.

import { z } from 'zod';
import type { RawConfig } from '../compose/raw-config.ts';
import { keysOf, nameSchema, structure } from './setting.ts';

const relativePath = z
  .string()
  .regex(
    /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\u0000-\u001f\u007f]{1,500}$/,
    'must be a relative path without . and .. in it',
  );

const rawConfig = z.strictObject({
  url: z
    .string()
    .regex(/^(https?|ssh|git|file):\/\/[^-]/, 'must be an http, https, ssh, git or file URL')
    .describe('URL of the git repository. Required.'),
  path: relativePath.optional().describe('Directory of the configuration in the repository.'),
  configFile: relativePath.describe('Name of the configuration below `path`. Required.'),
  commit: z.string().min(1).max(250).optional().describe('The only commit or branch that requests may use.'),
  wrapper: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .optional()
    .describe('Absolute path of a template on the worker. Pungi gets the rendered template as its configuration.'),
  schemaOverride: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .default([])
    .describe('JSON files for `pungi-config-validate --schema-override`: relative to the repository, or absolute.'),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(23 * 3600)
    .optional()
    .describe('Seconds that an attempt may take, in place of `engine.timeoutSeconds`.'),
  arguments: z
    .array(z.string().regex(/^--[a-z]/, 'must be an option of the form --name=value'))
    .default([])
    .describe('Further arguments of pungi-koji.'),
} satisfies Record<keyof RawConfig, z.ZodType>);

export const rawConfigsKind = structure(
  z.record(nameSchema, rawConfig),
  'a mapping from names to mappings with url, configFile and the keys that you need',
  keysOf(rawConfig),
);
