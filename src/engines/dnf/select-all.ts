// Selects the packages of all arches, and fails the compose when the selections are not what the request asks for.

import type { ComposeFailure } from '../../compose/failure.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import { ARCH_CONCURRENCY, type DnfAttempt } from './dnf-attempt.ts';
import { selectForArch, type SelectionTools } from './select-for-arch.ts';
import { selectionFailure } from './selection-failure.ts';
import type { ArchSelection } from './selection-thread.ts';

export async function selectAll(
  { generation, arches, downloads }: DnfAttempt,
  tools: SelectionTools,
): Promise<ComposeFailure | null> {
  const { compose, scratch } = generation;
  generation.progress(5, 'GATHER');
  const selections: ArchSelection[] = [];
  const failed = await mapFailFast(arches, ARCH_CONCURRENCY, generation.signal, async (input, signal) => {
    const selection = await selectForArch({ compose, input, downloads, scratch, tools, signal });
    if ('code' in selection) return selection;
    const { binary, debug, source } = selection.counts;
    generation.log(`${input.arch}: selected ${binary} binary, ${debug} debug and ${source} source packages\n`);
    for (const line of selection.unresolved) generation.log(`${input.arch}: unresolved: ${line}\n`);
    selections.push(selection);
    return null;
  });
  return failed ?? selectionFailure(compose, selections);
}
