// The thread that reads a large rpms.json: that of Fedora has 100 MB. Its lists go over as one text each, which takes the
// other side a tenth of the time that 100,000 texts would.

import { readFileSync } from 'node:fs';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { summarize } from './summary.ts';

export interface RpmsTask {
  readonly path: string;
  readonly variant: string;
}

export type PackedResult =
  | { readonly problem: string }
  | {
      readonly composeId: string | null;
      readonly lists: readonly [arches: string, builds: string, packages: string, sigkeys: string];
    };

await serveThread(({ path, variant }: RpmsTask): PackedResult => {
  const result = summarize(readFileSync(path, 'utf8'), variant);
  if ('problem' in result) return result;
  const { composeId, arches, builds, packages, sigkeys } = result.summary;
  const [a, b, p, s] = [arches, builds, packages, sigkeys].map((list) => list.map((item) => `${item}\n`).join('')) as [
    string,
    string,
    string,
    string,
  ];
  return { composeId, lists: [a, b, p, s] };
});
