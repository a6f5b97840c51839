// The engine that needs no Pungi, for repositories and for what Koji has: it chooses the packages that Pungi would, links them
// in, has createrepo_c describe them and dnf confirm them. The heavy parts run in threads and child processes.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Engine,
  EngineInfo,
  Generation,
  Logger,
  OpenedRepository,
  PackageDownloads,
  PackageMetadata,
  PackageReader,
  ProcessRunner,
} from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { SourceAddition } from '../../compose/source.ts';
import type { SourceType } from '../../compose/vocabulary.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { runProcess } from '../supervisor.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import { compsFileName, compsXml } from '../shared/comps.ts';
import { choosePackages } from './choose-packages.ts';
import { createRepodata } from '../shared/create-repodata.ts';
import { downloadPackages } from './download.ts';
import { treesOf } from '../shared/layout.ts';
import type { LinkMode } from '../shared/link-file.ts';
import { writeMetadata } from './metadata-files.ts';
import type { PlaceProgress, PlaceResult, PlaceTask } from './place-thread.ts';
import { readPlan } from './plan.ts';
import { ToolsInfo, type Tools } from '../shared/tools-info.ts';
import { verifyWithDnf } from './verify.ts';

export interface DnfEngineOptions {
  /** PATH to find dnf and createrepo_c by. */
  readonly path: string;
  readonly link: LinkMode;
  readonly downloads: PackageDownloads & PackageMetadata;
  /** Of packages of Koji, where there is one. */
  readonly reader?: PackageReader;
  /** Repositories, where it is left out. */
  readonly sourceTypes?: readonly SourceType[];
  readonly logger: Logger;
}

interface ArchWork {
  readonly arch: string;
  readonly repository: OpenedRepository;
  readonly lookasides: readonly OpenedRepository[];
  readonly plan: string;
  readonly manifest: string;
  /** Its packages for `PackageMetadata`, and the directory for what that tells. */
  readonly known: string;
  readonly metadata: string;
}

/** Work on one compose: what it is made from, and where. */
interface Work {
  readonly generation: Generation;
  readonly arches: readonly ArchWork[];
  readonly downloads: string;
  readonly target: string;
  readonly dnf: string;
  /** Directories with repodata/ for createrepo_c to begin with, by arch. */
  readonly metadata: Map<string, string>;
}

/** Koji tells nothing of the RPMs of scratch builds, and which packages are a module's is for Pungi to say. */
const IMPOSSIBLE: readonly SourceAddition[] = ['scratchBuildTasks', 'modularTags', 'moduleDefaults'];
const ARCHES_AT_A_TIME = 2;

export function createDnfEngine(options: DnfEngineOptions): Engine {
  return new DnfEngine(options);
}

class DnfEngine implements Engine {
  readonly name = 'dnf';
  readonly #options: DnfEngineOptions;
  readonly #tools: ToolsInfo;

  constructor(options: DnfEngineOptions) {
    this.#options = options;
    this.#tools = new ToolsInfo(options.path);
  }

  async info(): Promise<EngineInfo> {
    const { dnf, createrepo } = await this.#tools.get();
    const version =
      [dnf && `dnf ${dnf.version}`, createrepo && `createrepo_c ${createrepo}`].filter(Boolean).join(', ') || null;
    return {
      name: this.name,
      version,
      sourceTypes: this.#options.sourceTypes ?? ['REPO'],
      available: dnf !== null && createrepo !== null,
      impossible: IMPOSSIBLE,
    };
  }

  async generate(generation: Generation): Promise<ComposeFailure | null> {
    try {
      const work = await prepare(generation, await this.#tools.get());
      if ('code' in work) return work;
      const steps = [(stop: AbortSignal) => this.#link(work, stop), (stop: AbortSignal) => this.#learn(work, stop)];
      const bringIn = () => mapFailFast(steps, steps.length, generation.signal, (step, stop) => step(stop));
      return (
        (await this.#gather(work)) ?? (await this.#download(work)) ?? (await bringIn()) ?? (await this.#describe(work))
      );
    } catch (error) {
      if (generation.signal.aborted) return failure('CANCELED', 'The compose was stopped');
      throw error;
    }
  }

  async #gather(work: Work): Promise<ComposeFailure | null> {
    const { generation, arches } = work;
    const { compose, signal } = generation;
    generation.progress(5, 'GATHER');
    const missing: (readonly string[])[] = [];
    const unresolved: string[] = [];
    const failed = await mapFailFast(arches, ARCHES_AT_A_TIME, signal, async (arch, stop) => {
      const result = await this.#chooseFor(arch, work, stop);
      if ('code' in result) return result;
      const { binary, debug, source } = result.counts;
      generation.log(
        `Chose ${binary} packages, ${debug} debug packages and ${source} source packages for ${arch.arch}\n`,
      );
      for (const line of result.unresolved) generation.log(`Unresolved: ${line}\n`);
      missing.push(result.missing);
      unresolved.push(...result.unresolved);
      return null;
    });
    if (failed) return failed;
    const [first = [], ...others] = missing;
    const absent = first.filter((name) => others.every((list) => list.includes(name)));
    if (absent.length > 0) return missingPackages(absent);
    return compose.flags.includes('CHECK_DEPS') && unresolved.length > 0 ? unsatisfied(unresolved) : null;
  }

  #chooseFor(
    { arch, repository, lookasides, plan, known }: ArchWork,
    work: Work,
    signal: AbortSignal,
  ): ReturnType<typeof choosePackages> {
    const { generation, downloads: brought } = work;
    const { downloads, reader = null } = this.#options;
    return choosePackages({
      compose: generation.compose,
      arch,
      repository,
      lookasides,
      plan,
      known,
      brought,
      scratch: generation.scratch,
      tools: { downloads, reader, run: runnerOf(generation) },
      signal,
    });
  }

  async #download({ generation, arches, downloads: to }: Work): Promise<ComposeFailure | null> {
    const { downloads } = this.#options;
    for (const { repository, plan, arch } of arches.filter(({ repository: { isLocal } }) => !isLocal)) {
      generation.progress(15, 'DOWNLOAD', arch);
      // How many there are is in the plan; that each step is smaller than the one before will do.
      const onDone = (done: number) =>
        generation.progress(15 + 40 * (1 - 100 / (100 + done)), 'DOWNLOAD', `${arch}: ${done} packages`);
      const failed = await downloadPackages({
        packages: readPlan(plan),
        from: repository.location,
        to,
        downloads,
        signal: generation.signal,
        onDone,
      });
      if (failed) return failed;
    }
    return null;
  }

  async #link({ generation, arches, downloads, target }: Work, signal: AbortSignal): Promise<ComposeFailure | null> {
    generation.progress(55, 'LINK');
    const input: PlaceTask = {
      arches: arches.map(({ arch, plan, manifest, repository }) => ({
        arch,
        plan,
        manifest,
        root: repository.isLocal ? repository.location : null,
      })),
      downloads,
      target,
      mode: this.#options.link,
      sigkeys: generation.compose.sigkeys,
      // Of Koji's files those that are signed as asked have been found, or others would do, whatever they are signed with.
      anySignature:
        generation.compose.sigkeys.includes('') && arches.every(({ repository }) => repository.isPackageSet),
    };
    const onReport = ({ done, total }: PlaceProgress) =>
      generation.progress(55 + (15 * done) / total, 'LINK', `${done} of ${total} packages`);
    const result = await runInThread<PlaceResult, PlaceProgress>({
      module: threadModule(import.meta.url, 'place-thread'),
      input,
      signal,
      onReport,
    });
    if ('failure' in result) return result.failure;
    const { reflink, hardlink, copy } = result.counts;
    generation.log(`Brought in packages: ${reflink} reflinked, ${hardlink} hard-linked, ${copy} copied\n`);
    return null;
  }

  /** What the sources' metadata tells of the packages, for createrepo_c. */
  async #learn({ arches, metadata }: Work, signal: AbortSignal): Promise<ComposeFailure | null> {
    return await mapFailFast<Work['arches'][number], ComposeFailure>(
      arches,
      ARCHES_AT_A_TIME,
      signal,
      async ({ arch, repository, known, metadata: to }, stop) => {
        if (await this.#options.downloads.extract({ repository, packages: known, to, signal: stop }))
          metadata.set(arch, to);
        return null;
      },
    );
  }

  async #describe({ generation, arches, target, dnf, metadata }: Work): Promise<ComposeFailure | null> {
    const { compose, identity, signal } = generation;
    await writeMetadata(
      { compose, identity, target, at: compose.startedAt ?? compose.submittedAt },
      arches.map(({ manifest }) => manifest),
    );
    const trees = treesOf(arches.map(({ arch }) => arch));
    const context = { path: this.#options.path, generation, signal, logger: this.#options.logger };
    generation.progress(70, 'CREATEREPO');
    const onTree = (done: number) =>
      generation.progress(70 + (15 * done) / trees.length, 'CREATEREPO', `${done} of ${trees.length} repositories`);
    const groups = await writeGroups(generation, arches);
    const unmade = await createRepodata({ trees, target, metadata, groups, onTree }, context);
    if (unmade) return unmade;
    generation.progress(85, 'VERIFY');
    const plans = new Map(arches.map(({ arch, plan }) => [arch, plan]));
    const refuted = await mapFailFast(arches, ARCHES_AT_A_TIME, signal, async ({ arch }, stop) => {
      const own = trees.filter((tree) => tree.arch === arch || (tree.arch === null && arch === arches[0]?.arch));
      return await verifyWithDnf({ dnf, arch, trees: own, target, plans }, { ...context, signal: stop });
    });
    if (refuted) return refuted;
    await writeFile(join(generation.directory, 'STATUS'), 'FINISHED\n');
    generation.progress(99, 'VERIFY', 'dnf sees what was chosen');
    return null;
  }
}

async function prepare(generation: Generation, { dnf, createrepo }: Tools): Promise<Work | ComposeFailure> {
  if (!dnf || !createrepo)
    return failure('ENGINE_FAILED', `${dnf ? 'createrepo_c' : 'dnf'} is not installed on the worker`);
  const { input, scratch, directory } = generation;
  const downloads = input.downloadDirectory ?? join(scratch, 'downloads');
  const target = join(directory, 'compose');
  await mkdir(downloads, { recursive: true });
  await mkdir(target, { recursive: true });
  const arches = input.repositories.map((repository) => {
    const { arch } = repository;
    const lookasides = input.lookasides.filter((lookaside) => lookaside.arch === arch);
    const [plan, manifest, known, metadata] = [
      `plan-${arch}`,
      `rpms-${arch}.json`,
      `known-${arch}`,
      `metadata-${arch}`,
    ].map((name) => join(scratch, name)) as [string, string, string, string];
    return { arch, repository, lookasides, plan, manifest, known, metadata };
  });
  return { generation, arches, downloads, target, dnf: dnf.command, metadata: new Map() };
}

function runnerOf(generation: Generation): ProcessRunner {
  return (run) => runProcess({ ...run, registerProcessGroup: (group) => generation.registerProcessGroup(group) });
}

function askedOf({ source }: Compose): readonly string[] {
  return 'packages' in source ? source.packages : [];
}

/** Like Pungi: no group where all packages were asked for. */
async function writeGroups(
  { compose, scratch }: Generation,
  arches: readonly ArchWork[],
): Promise<Map<string, string>> {
  const groups = new Map<string, string>();
  const names = askedOf(compose);
  if (names.length === 0) return groups;
  const content = compsXml(names);
  for (const { arch } of arches) {
    const path = join(scratch, compsFileName(arch));
    await writeFile(path, content);
    groups.set(arch, path);
  }
  return groups;
}

function missingPackages(names: readonly string[]): ComposeFailure {
  const message =
    names.length === 1
      ? `There is no package ${names[0]} in the source`
      : `There are no packages of these names in the source: ${names.join(', ')}`;
  return failure(
    'MISSING_PACKAGES',
    message.length <= 500 ? message : `${message.slice(0, 480)} … (${names.length} in all)`,
    names.join('\n'),
  );
}

function unsatisfied(lines: readonly string[]): ComposeFailure {
  const rest = lines.length > 1 ? `, and ${lines.length - 1} more` : '';
  return failure('UNSATISFIED_DEPENDENCIES', `${lines[0]}, which nothing provides${rest}`, lines.join('\n'));
}
