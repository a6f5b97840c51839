// Looks at what is DONE, all the time: whoever is told DONE finds the files, on disk and by their URLs.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker } from './asker.ts';
import type { Random } from './random.ts';
import type { Records } from './records.ts';

export interface LookerOptions {
  readonly asker: Asker;
  readonly records: Records;
  readonly targetDir: string;
  readonly random: Random;
  readonly over: AbortSignal;
}

const DONE = '{ composes(first: 50, filter: { states: [DONE] }) { nodes { id reuses { id } } } }';
const ONE = 'query ($id: ID!) { compose(id: $id) { state toplevelUrl } }';

interface Shown {
  readonly id: string;
  readonly reuses: { readonly id: string } | null;
}

function fileOf({ id, reuses }: Shown): string {
  return `odcs-${reuses?.id ?? id}/compose/Temporary/x86_64/os/repodata/repomd.xml`;
}

/** Until `over`. */
export async function look(options: LookerOptions): Promise<void> {
  const { asker, records, targetDir, random, over } = options;
  while (!over.aborted) {
    await sleep(random.between(50, 400), undefined, { signal: over }).catch(() => undefined);
    const answer = await asker.ask(DONE, {}, random, 5_000);
    // What comes with an error is not all that was asked for: a sharer may show no root.
    if (answer?.errors) continue;
    const nodes = (answer?.data?.['composes'] as { nodes: readonly Shown[] } | undefined)?.nodes ?? [];
    for (const node of nodes) {
      records.count('looks at a DONE compose');
      if (!existsSync(join(targetDir, fileOf(node)))) await doubt(options, node, 'has no files');
    }
    if (nodes.length > 0) await fetchOne(options, random.pick(nodes));
  }
}

async function fetchOne(options: LookerOptions, node: Shown): Promise<void> {
  const { asker, records, random } = options;
  const known = asker.urls();
  if (known.length === 0) return;
  const response = await fetch(`${random.pick(known)}/composes/${fileOf(node)}`, {
    signal: AbortSignal.timeout(5_000),
  }).catch(() => null);
  const text = (await response?.text().catch(() => null)) ?? null;
  if (!response || text === null) return;
  records.count('files fetched of a DONE compose');
  if (response.status === 404 || (response.ok && !text.includes('</repomd>')))
    await doubt(options, node, `is served with ${response.status}`);
}

/** It may be on its way out since it was shown; then no URL is shown any more. */
async function doubt({ asker, records, random }: LookerOptions, node: Shown, what: string): Promise<void> {
  const again = (await asker.ask(ONE, { id: node.id }, random, 5_000))?.data?.['compose'] as
    { state: string; toplevelUrl: string | null } | undefined;
  if (again?.state !== 'DONE' || again.toplevelUrl === null) return;
  records.violated('files', `compose ${node.id} is DONE and ${what}: ${fileOf(node)} (${new Date().toISOString()})`);
}
