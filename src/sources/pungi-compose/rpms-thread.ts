// The thread that reads a large rpms.json: that of Fedora has 100 MB.

import { readFileSync } from 'node:fs';
import { serveThread } from '../../worker-thread.ts';
import { summarize } from './summary.ts';

export interface RpmsTask {
  readonly path: string;
  readonly variant: string;
}

await serveThread(({ path, variant }: RpmsTask) => summarize(readFileSync(path, 'utf8'), variant));
