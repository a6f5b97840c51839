// The engine that runs pungi-koji. Relies on the supervisor for the end of all its processes, and on what was measured
// of Pungi: exit code 0 does not mean that all is there, and what went wrong stands in its logs.

import { access, constants, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineInfo, Generation, FileCache, Logger } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { ownRelease } from '../../compose/pungi-identity.ts';
import type { SourceType } from '../../compose/vocabulary.ts';
import { minimalEnvironment, runProcess, type ProcessResult } from '../supervisor.ts';
import { pungiArguments } from './arguments.ts';
import { askedPackages } from './configuration.ts';
import { diagnose, missingPackagesFailure, packagesNotFound, unresolvedBesideModules } from './diagnosis.ts';
import { followFile } from './file-follower.ts';
import { writeComposeInfo, writeInput, type PungiInput } from './input-files.ts';
import { clearRun, clearUnpublished } from './leftovers.ts';
import { probeLinks } from './link-probe.ts';
import { canBeGathered } from './package-names.ts';
import { readConfigDump, writeRawInput } from './raw-input.ts';
import { pungiProgress } from './progress.ts';
import { tagCache, type TagCache } from './tag-cache.ts';

const PROGRAM = 'pungi-koji';
const VERSION_TIMEOUT_MS = 20_000;
/** Lines of output that are kept to find the reason of a failure in. */
const KEPT_LINES = 500;

export interface PungiOptions {
  /** Where programs are looked for, as PATH has it. */
  readonly path: string;
  /** A run is stopped after this. */
  readonly timeoutMs: number;
  /** What the configuration makes possible, of what Pungi can do; repositories, where it is left out. */
  readonly sourceTypes?: readonly SourceType[];
  /** For what it reads of tags; where it is left out, every compose reads all of its tag. */
  readonly kept?: FileCache;
  readonly logger: Logger;
}

interface Run {
  readonly files: PungiInput;
  readonly timeoutMs: number;
  readonly oldComposes: string | null;
}

export function createPungiEngine(options: PungiOptions): Engine {
  let version: Promise<string | null> | null = null;

  async function info(): Promise<EngineInfo> {
    const available = await isOnPath(options.path);
    version ??= available ? readVersion(options.path).catch(() => null) : null;
    return { name: 'pungi', version: (await version) ?? null, sourceTypes: options.sourceTypes ?? ['REPO'], available };
  }
  const cache = options.kept ? tagCache(options.kept, async () => (await info()).version) : null;
  return { name: 'pungi', info, generate: (generation) => generate(generation, options, cache) };
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
  const timeoutMs =
    rawConfig && rawConfig.timeoutSeconds !== null ? rawConfig.timeoutSeconds * 1000 : options.timeoutMs;
  const oldComposes = (await cache?.take(generation)) ?? null;
  const failed = await runToEnd(generation, { files, timeoutMs, oldComposes }, options);
  if (failed?.code === 'ENGINE_FAILED' && cache && oldComposes !== null && !generation.signal.aborted) {
    const failedAgain = await runAgain(generation, { files, timeoutMs, oldComposes: null }, options, cache);
    if (failedAgain) return failedAgain;
  } else if (failed) return failed;
  await cache?.keep(generation);
  return await finish(generation);
}

/** Nothing that was kept may be what a compose fails by. */
async function runAgain(
  generation: Generation,
  run: Run,
  options: PungiOptions,
  cache: TagCache,
): Promise<ComposeFailure | null> {
  generation.log('Once more, without what was kept of an earlier compose of the tag\n');
  await clearRun(generation.directory, generation.scratch, run.files.eventsFile);
  await writeComposeInfo(generation, ownRelease(generation.compose.id));
  const failed = await runToEnd(generation, run, options);
  if (!failed) await cache.forget(generation);
  return failed;
}

async function runToEnd(generation: Generation, run: Run, options: PungiOptions): Promise<ComposeFailure | null> {
  const { timeoutMs } = run;
  const { result, output } = await runPungi(generation, run, options);
  reportSurvivors(result, generation, options.logger);
  const status = await readStatus(generation.directory);
  if (result.exitCode === 0 && !result.aborted && !result.timedOut && status?.startsWith('FINISHED')) return null;
  const failure = await diagnose({ result, output, status, timeoutMs }, generation);
  // The log so far only points to that of a child, which goes with the attempt.
  if (failure.code === 'INVALID_SOURCE' || failure.code === 'UPSTREAM_UNAVAILABLE')
    generation.log(`${failure.details}\n`);
  return failure;
}

/** A finished Pungi may have missed packages that were asked for. */
async function finish(generation: Generation): Promise<ComposeFailure | null> {
  const { directory, scratch, input } = generation;
  const asked = askedPackages(input.source);
  const notFound = await packagesNotFound(asked.filter(canBeGathered), generation);
  const missing = asked.filter((name) => !canBeGathered(name) || notFound.includes(name));
  if (missing.length > 0) return missingPackagesFailure(missing);
  const unresolved = generation.compose.flags.includes('CHECK_DEPS') ? await unresolvedBesideModules(generation) : null;
  if (unresolved) return unresolved;
  const dump = input.rawConfig ? await readConfigDump(directory) : null;
  if (dump !== null) generation.keepConfiguration(dump);
  await clearUnpublished(directory, scratch);
  return null;
}

async function runPungi(
  generation: Generation,
  { files, timeoutMs, oldComposes }: Run,
  { path }: PungiOptions,
): Promise<{ readonly result: ProcessResult; readonly output: readonly string[] }> {
  const { scratch, signal } = generation;
  const progress = pungiProgress((percent, phase, message) => generation.progress(percent, phase, message));
  const events = followFile(files.eventsFile, (line) => progress.event(line));
  const output: string[] = [];
  function onOutput(line: string): void {
    // Each repeats what the events file has, with paths.
    if (/\] Notification: /.test(line)) return;
    if (output.push(line) > 2 * KEPT_LINES) output.splice(0, KEPT_LINES);
    progress.log(line);
    generation.log(`${line}\n`);
  }
  try {
    const result = await runProcess({
      file: PROGRAM,
      args: pungiArguments(generation, files, oldComposes),
      cwd: files.directory,
      // A service may run as a user id that has no name; Pungi asks for it.
      env: { ...minimalEnvironment(path, scratch), LOGNAME: 'odcs', USER: 'odcs' },
      signal,
      onOutput,
      registerProcessGroup: (group) => generation.registerProcessGroup(group),
      timeoutMs,
    });
    return { result, output };
  } finally {
    await events.stop();
  }
}

function reportSurvivors({ survivors }: ProcessResult, generation: Generation, logger: Logger): void {
  if (survivors.length === 0) return;
  logger.error(
    { composeId: generation.compose.id, attempt: generation.attempt, survivors },
    'processes of Pungi outlived SIGKILL',
  );
  generation.log(`${survivors.length} processes of Pungi could not be ended: they are in uninterruptible sleep\n`);
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

/** The version alone: a packaged Pungi calls itself `pungi-4.3.6-1.el9.noarch`, a checkout says nothing of use. */
async function readVersion(path: string): Promise<string | null> {
  const lines: string[] = [];
  const { exitCode } = await runProcess({
    file: PROGRAM,
    args: ['--version'],
    cwd: '/',
    env: minimalEnvironment(path, '/tmp'),
    signal: new AbortController().signal,
    onOutput: (line) => lines.push(line),
    // It lives for a second and holds nothing that a successor would miss.
    registerProcessGroup: async () => {},
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  return exitCode === 0 ? (/\d+(?:\.\d+)+/.exec(lines.join('\n'))?.[0] ?? null) : null;
}
