// The Compose Tracking Service that gives composes their Pungi ids.

import { z } from 'zod';
import { readableFile } from './files.ts';
import { httpUrlSchema, keysOf, structure } from './setting.ts';

const schema = z.strictObject({
  url: httpUrlSchema.describe('URL of the CTS. Required.'),
  tokenFile: readableFile
    .optional()
    .describe('Absolute path of a file that holds a bearer token. It is read for each request, so it can be renewed.'),
});

export const ctsKind = structure(schema, 'a mapping with url and, where it is needed, tokenFile', keysOf(schema));
