// The engine without Pungi, for repositories and for what Koji has. It selects the same packages as Pungi, links them into the
// compose, writes repodata with createrepo_c, and verifies the result with dnf. Long work runs in threads and child processes.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type {
  Engine,
  EngineInfo,
  Generation,
  Logger,
  PackageDownloads,
  PackageMetadata,
  PackageReader,
} from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { SourceAddition } from '../../compose/sources/additions.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import type { LinkMode } from '../shared/link-file.ts';
import { orCanceled } from '../shared/run-tool.ts';
import { DnfToolVersions, type DnfTools } from '../shared/tool-versions.ts';
import { runProcess } from '../supervisor/run-process.ts';
import { archInputs, type ArchInput } from './arch-input.ts';
import { ARCH_CONCURRENCY, type DnfAttempt } from './dnf-attempt.ts';
import { downloadSelected } from './download-selected.ts';
import { linkPackages } from './link-packages.ts';
import { selectAll } from './select-all.ts';
import { writeRepositories } from './write-repositories.ts';

interface DnfEngineOptions {
  /** PATH that finds dnf and createrepo_c. */
  readonly path: string;
  readonly link: LinkMode;
  readonly downloads: PackageDownloads & PackageMetadata;
  /** Reads Koji's packages; absent without Koji. */
  readonly reader?: PackageReader;
  /** `['REPO']` by default. */
  readonly sourceTypes?: readonly SourceType[];
  readonly logger: Logger;
}

/** Koji has no metadata of scratch builds' RPMs, and only Pungi knows which packages belong to a module. */
const UNSUPPORTED: readonly SourceAddition[] = ['scratchBuildTasks', 'modularTags', 'moduleDefaults'];

export function createDnfEngine(options: DnfEngineOptions): Engine {
  const tools = new DnfToolVersions(options.path);
  return {
    name: 'dnf',
    async info(): Promise<EngineInfo> {
      const { dnf, createrepo } = await tools.get();
      const version =
        [dnf && `dnf ${dnf.version}`, createrepo && `createrepo_c ${createrepo}`].filter(Boolean).join(', ') || null;
      return {
        name: 'dnf',
        version,
        sourceTypes: options.sourceTypes ?? ['REPO'],
        available: dnf !== null && createrepo !== null,
        unsupportedAdditions: UNSUPPORTED,
      };
    },
    generate: (generation) =>
      orCanceled(generation.signal, async () => {
        const attempt = await prepare(generation, await tools.get());
        return 'code' in attempt ? attempt : await generate(attempt, options);
      }),
  };
}

async function prepare(generation: Generation, { dnf, createrepo }: DnfTools): Promise<DnfAttempt | ComposeFailure> {
  if (!dnf || !createrepo) return toolMissingFailure(dnf ? 'createrepo_c' : 'dnf');
  const { input, scratch, directory } = generation;
  const downloads = input.downloadDirectory ?? join(scratch, 'downloads');
  const target = join(directory, 'compose');
  await mkdir(downloads, { recursive: true });
  await mkdir(target, { recursive: true });
  return { generation, arches: archInputs(input, scratch), downloads, target, dnfCommand: dnf.command };
}

async function generate(attempt: DnfAttempt, options: DnfEngineOptions): Promise<ComposeFailure | null> {
  const { generation } = attempt;
  const { downloads, reader = null, link, path, logger } = options;
  const run: Parameters<typeof selectAll>[1]['run'] = (program) =>
    runProcess({ ...program, registerProcessGroup: (group) => generation.registerProcessGroup(group) });
  const failed = (await selectAll(attempt, { downloads, reader, run })) ?? (await downloadSelected(attempt, downloads));
  if (failed) return failed;
  const metadata = new Map<string, string>();
  const steps = [
    (signal: AbortSignal) => linkPackages(attempt, link, signal),
    (signal: AbortSignal) => extractMetadata(attempt, downloads, metadata, signal),
  ];
  const unlinked = await mapFailFast(steps, steps.length, generation.signal, (step, signal) => step(signal));
  if (unlinked) return unlinked;
  const context = { path, generation, signal: generation.signal, logger };
  const unwritten = await writeRepositories(attempt, metadata, context);
  if (unwritten) return unwritten;
  await writeFile(join(generation.directory, 'STATUS'), 'FINISHED\n');
  return null;
}

/** Takes the packages' metadata from the source repositories. Fills `metadata`: arch → directory with repodata/. */
async function extractMetadata(
  { arches }: DnfAttempt,
  source: PackageMetadata,
  metadata: Map<string, string>,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  return await mapFailFast<ArchInput, ComposeFailure>(arches, ARCH_CONCURRENCY, signal, async (input, stop) => {
    const { arch, repository, metadataRequest: packages, metadataDirectory: to } = input;
    if (await source.extract({ repository, packages, to, signal: stop })) metadata.set(arch, to);
    return null;
  });
}
