// Files that settings name and that are read when the configuration is loaded.

import { accessSync, constants, readFileSync } from 'node:fs';
import { z } from 'zod';

/** The content of the file, without the line end at its end. */
export const fileContent = z
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

/** An absolute path of a file that is read later, again and again. */
export const readableFile = z
  .string()
  .startsWith('/', 'must be an absolute path')
  .refine(isReadable, 'cannot be read by the service');

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
