// The engine that runs pungi-koji. Pungi can exit with 0 although packages are missing, and its logs have the reasons of
// failures; so the result of each run is checked.

import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineInfo, FileCache, Generation, Logger } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { ownRelease } from '../../compose/pungi-identity.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';
import { orCanceled, runTool, type ToolOutcome } from '../shared/run-tool.ts';
import { readToolVersion, UNKNOWN_VERSION } from '../shared/tool-versions.ts';
import { pungiArguments } from './arguments.ts';
import { checkFinishedRun } from './check-finished-run.ts';
import { diagnose } from './diagnosis.ts';
import { followFile } from './file-follower.ts';
import { writeComposeInfo, writeInput, type PungiInput } from './input-files.ts';
import { probeLinks } from './link-probe.ts';
import { pungiProgress } from './progress.ts';
import { readConfigDump, writeRawInput } from './raw-input.ts';
import { tagCache, type TagCache } from './tag-cache.ts';
import { moveFailedRun, removeUnpublished } from './unpublished-files.ts';

const PROGRAM = 'pungi-koji';
/** Output lines that the diagnosis of a failure looks at. */
const KEPT_LINES = 500;

interface PungiOptions {
  /** PATH that finds pungi-koji. */
  readonly path: string;
  /** What the configuration of the service makes possible; `['REPO']` by default. */
  readonly sourceTypes?: readonly SourceType[];
  /** For files of tags. Without it, every compose reads its whole tag. */
  readonly cache?: FileCache;
  readonly logger: Logger;
}

/** One run of pungi-koji. */
interface Run {
  readonly files: PungiInput;
  /** Null: without the cache. */
  readonly oldComposes: string | null;
}

export function createPungiEngine(options: PungiOptions): Engine {
  let version: Promise<string | null> | null = null;

  async function info(): Promise<EngineInfo> {
    const available = await isOnPath(options.path);
    version ??= available ? readVersion(options.path) : null;
    return { name: 'pungi', version: (await version) ?? null, sourceTypes: options.sourceTypes ?? ['REPO'], available };
  }
  const cache = options.cache ? tagCache(options.cache, async () => (await info()).version) : null;
  return {
    name: 'pungi',
    info,
    generate: (generation) => orCanceled(generation.signal, () => generate(generation, options, cache)),
  };
}

async function generate(
  generation: Generation,
  options: PungiOptions,
  cache: TagCache | null,
): Promise<ComposeFailure | null> {
  const { scratch, input } = generation;
  const unlinkable = await probeLinks([...input.repositories, ...input.lookasides], scratch);
  if (unlinkable) return unlinkable;
  const { rawConfig } = input;
  const files = rawConfig ? await writeRawInput(generation, rawConfig) : await writeInput(generation);
  const oldComposes = (await cache?.restore(generation)) ?? null;
  let failed = await runPungi(generation, { files, oldComposes }, options);
  if (failed?.code === 'ENGINE_FAILED' && cache && oldComposes !== null)
    failed = await runWithoutCache(generation, { files, oldComposes: null }, options, cache);
  if (failed) return failed;
  await cache?.store(generation);
  return (await checkFinishedRun(generation)) ?? (await finish(generation));
}

/** The cache must not be the reason why a compose fails. */
async function runWithoutCache(
  generation: Generation,
  run: Run,
  options: PungiOptions,
  cache: TagCache,
): Promise<ComposeFailure | null> {
  generation.log('Running Pungi again without the cache of an earlier compose of the tag\n');
  await moveFailedRun(generation.directory, generation.scratch, run.files.eventsFile);
  await writeComposeInfo(generation, ownRelease(generation.compose.id));
  const failed = await runPungi(generation, run, options);
  if (!failed) await cache.invalidate(generation);
  return failed;
}

async function runPungi(generation: Generation, run: Run, options: PungiOptions): Promise<ComposeFailure | null> {
  const outcome = await runProgram(generation, run, options);
  const status = await readStatus(generation.directory);
  if (outcome.exitCode === 0 && status?.startsWith('FINISHED')) return null;
  const failure = await diagnose({ outcome, status }, generation);
  // These details come from the log of a program that Pungi ran, which is deleted with the attempt.
  if (failure.code === 'INVALID_SOURCE' || failure.code === 'UPSTREAM_UNAVAILABLE')
    generation.log(`${failure.details}\n`);
  return failure;
}

async function runProgram(
  generation: Generation,
  { files, oldComposes }: Run,
  { path, logger }: PungiOptions,
): Promise<ToolOutcome> {
  const progress = pungiProgress((percent, phase, message) => generation.progress(percent, phase, message));
  const events = followFile(files.eventsFile, (line) => progress.event(line));
  const context = { path, generation, signal: generation.signal, logger };
  try {
    return await runTool(PROGRAM, pungiArguments(generation, files, oldComposes), context, {
      cwd: files.directory,
      // Pungi asks for the user's name; the user id of the service may have none.
      env: { LOGNAME: 'odcs', USER: 'odcs' },
      keptLines: KEPT_LINES,
      logLine: (line) => line,
      onLine(line) {
        // The events file has these, too, and here they include server paths.
        if (/\] Notification: /.test(line)) return true;
        progress.log(line);
        return false;
      },
    });
  } finally {
    await events.stop();
  }
}

async function finish({ directory, scratch, input, keepConfiguration }: Generation): Promise<null> {
  const dump = input.rawConfig ? await readConfigDump(directory) : null;
  if (dump !== null) keepConfiguration(dump);
  await removeUnpublished(directory, scratch);
  return null;
}

async function readStatus(directory: string): Promise<string | null> {
  const text = await readFile(join(directory, 'STATUS'), 'utf8').catch(() => null);
  return text === null ? null : text.trim();
}

async function isOnPath(path: string): Promise<boolean> {
  for (const directory of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const file = join(directory, PROGRAM);
    const isProgram = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (isProgram) return true;
  }
  return false;
}

/** A checkout of Pungi prints no version. */
async function readVersion(path: string): Promise<string | null> {
  const version = await readToolVersion(PROGRAM, path).catch(() => null);
  return version === UNKNOWN_VERSION ? null : version;
}
