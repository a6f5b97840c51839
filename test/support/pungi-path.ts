// Where tests find Pungi: the fake one, or the real one if it is installed.

import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FAKE_PUNGI = fileURLToPath(new URL('./fake-pungi', import.meta.url));
const installed = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== FAKE_PUNGI);

/** fake-pungi, and the Node.js that it runs on, come before installed programs. */
export const FAKE_PUNGI_PATH = [FAKE_PUNGI, dirname(process.execPath), ...installed].join(delimiter);

/** Installed programs only. */
export const REAL_PUNGI_PATH = [dirname(process.execPath), ...installed].join(delimiter);

export function isInstalled(program: string): boolean {
  return installed.some((directory) => existsSync(join(directory, program)));
}
