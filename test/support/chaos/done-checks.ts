// Checks DONE composes during the run: their files must exist on disk and be served by their URLs.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import type { Random } from './random.ts';
import type { Records } from './records.ts';

export interface DoneCheckOptions {
  readonly api: ApiClient;
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

/** Settles when `over` aborts. */
export async function checkDoneComposes(options: DoneCheckOptions): Promise<void> {
  const { api, records, targetDir, random, over } = options;
  while (!over.aborted) {
    await sleep(random.between(50, 400), undefined, { signal: over }).catch(() => undefined);
    const answer = await api.request(DONE, {}, random, 5_000);
    // An answer with an error may lack the reused compose.
    if (answer?.errors) continue;
    const nodes = (answer?.data?.['composes'] as { nodes: readonly Shown[] } | undefined)?.nodes ?? [];
    for (const node of nodes) {
      records.count('checks of a DONE compose');
      if (!existsSync(join(targetDir, fileOf(node)))) await confirm(options, node, 'has no files');
    }
    if (nodes.length > 0) await fetchOne(options, random.pick(nodes));
  }
}

async function fetchOne(options: DoneCheckOptions, node: Shown): Promise<void> {
  const { api, records, random } = options;
  const urls = api.urls();
  if (urls.length === 0) return;
  const response = await fetch(`${random.pick(urls)}/composes/${fileOf(node)}`, {
    signal: AbortSignal.timeout(5_000),
  }).catch(() => null);
  const text = (await response?.text().catch(() => null)) ?? null;
  if (!response || text === null) return;
  records.count('files fetched of a DONE compose');
  if (response.status === 404 || (response.ok && !text.includes('</repomd>')))
    await confirm(options, node, `is served with ${response.status}`);
}

/** Asks again: the compose may have been removed meanwhile, and then has no URL. */
async function confirm({ api, records, random }: DoneCheckOptions, node: Shown, what: string): Promise<void> {
  const again = (await api.request(ONE, { id: node.id }, random, 5_000))?.data?.['compose'] as
    { state: string; toplevelUrl: string | null } | undefined;
  if (again?.state !== 'DONE' || again.toplevelUrl === null) return;
  records.violation('files', `compose ${node.id} is DONE and ${what}: ${fileOf(node)} (${new Date().toISOString()})`);
}
