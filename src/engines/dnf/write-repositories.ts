// Writes the compose's metadata and the repodata of its trees, and verifies both with dnf.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { requestedPackages } from '../../compose/sources/descriptors.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import { repositoryCompsName, repositoryCompsXml } from '../shared/comps.ts';
import { createRepodata } from '../shared/create-repodata.ts';
import { treesOf, type Tree } from '../shared/layout.ts';
import { isPossiblePackageName } from '../shared/package-names.ts';
import { percentOf } from '../shared/phase-progress.ts';
import type { ToolContext } from '../shared/run-tool.ts';
import { writeComposeMetadata } from './compose-metadata.ts';
import { ARCH_CONCURRENCY, type DnfAttempt } from './dnf-attempt.ts';
import { verifyWithDnf } from './verify-with-dnf.ts';

const CREATEREPO_CONCURRENCY = 3;

/** `metadata`: arch → directory with repodata/ of the arch's packages. */
export async function writeRepositories(
  attempt: DnfAttempt,
  metadata: ReadonlyMap<string, string>,
  context: ToolContext,
): Promise<ComposeFailure | null> {
  const { generation, arches, target } = attempt;
  const { compose, identity } = generation;
  await writeComposeMetadata(
    { compose, identity, target, at: compose.startedAt ?? compose.submittedAt },
    arches.map(({ manifestPart }) => manifestPart),
  );
  const trees = treesOf(arches.map(({ arch }) => arch));
  return (await writeRepodata(attempt, trees, metadata, context)) ?? (await verify(attempt, trees, context));
}

async function writeRepodata(
  { generation, arches, target }: DnfAttempt,
  trees: readonly Tree[],
  metadata: ReadonlyMap<string, string>,
  context: ToolContext,
): Promise<ComposeFailure | null> {
  generation.progress(70, 'CREATEREPO');
  const comps = await writeComps(
    generation,
    arches.map(({ arch }) => arch),
  );
  let done = 0;
  return await mapFailFast(trees, CREATEREPO_CONCURRENCY, context.signal, async (tree, signal) => {
    const sources = [...metadata].filter(([arch]) => tree.arch === null || arch === tree.arch).map(([, path]) => path);
    const group = tree.category === 'binary' ? comps.get(tree.arch ?? '') : undefined;
    const failed = await createRepodata(
      join(target, tree.path),
      { metadata: sources, comps: group },
      { ...context, signal },
    );
    if (failed) return failed;
    done += 1;
    const percent = percentOf(done, trees.length, 70, 85);
    generation.progress(percent, 'CREATEREPO', `${done} of ${trees.length} repositories`);
    return null;
  });
}

/** The group of the requested packages: arch → file. Like Pungi, there is no group when all packages are requested. */
async function writeComps(
  { compose, scratch }: Generation,
  arches: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const names = requestedPackages(compose.source).filter(isPossiblePackageName);
  if (names.length === 0) return files;
  for (const arch of arches) {
    const path = join(scratch, repositoryCompsName(arch));
    await writeFile(path, repositoryCompsXml(names));
    files.set(arch, path);
  }
  return files;
}

async function verify(
  { generation, arches, target, dnfCommand: command }: DnfAttempt,
  trees: readonly Tree[],
  context: ToolContext,
): Promise<ComposeFailure | null> {
  generation.progress(85, 'VERIFY');
  const plans = new Map(arches.map(({ arch, planFile }) => [arch, planFile]));
  const failed = await mapFailFast(arches, ARCH_CONCURRENCY, context.signal, async ({ arch }, signal) => {
    // The source tree is verified with the first arch.
    const own = trees.filter((tree) => tree.arch === arch || (tree.arch === null && arch === arches[0]?.arch));
    return await verifyWithDnf({ command, arch, trees: own, target, plans }, { ...context, signal });
  });
  if (failed) return failed;
  generation.progress(99, 'VERIFY', 'dnf lists the planned packages');
  return null;
}
