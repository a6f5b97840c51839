// Why Pungi failed. Its exit code says only that it did; the reason stands in its output or, for a source repository,
// in the log of its child alone. What a person is told holds neither tracebacks nor paths of this server.

import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { presentable, tracebackFilter } from '../../compose/redaction.ts';
import type { ProcessResult } from '../supervisor.ts';
import { knownFailure } from './known-failures.ts';
import { VARIANT } from './variant.ts';

/** Of a log, what is looked at: its end is where the error is. */
const TAIL_BYTES = 262_144;

export interface PungiRun {
  readonly result: ProcessResult;
  /** The last lines of stdout and stderr. */
  readonly output: readonly string[];
  readonly status: string | null;
  readonly timeoutMs: number;
}

export async function diagnose(run: PungiRun, generation: Generation): Promise<ComposeFailure> {
  const details = detailsOf(run.output, generation);
  const { exitCode, signal, timedOut } = run.result;
  if (timedOut)
    return failure(
      'TIMED_OUT',
      `Pungi was stopped: it had not finished after ${Math.round(run.timeoutMs / 1000)} seconds.`,
      details,
    );
  if (exitCode === 126 || exitCode === 127)
    return failure('ENGINE_FAILED', 'pungi-koji cannot be started on the worker; tell an administrator.', details);
  if (signal !== null)
    return failure(
      'ENGINE_FAILED',
      `Pungi was killed (${signal}), perhaps because the machine ran out of memory.`,
      details,
    );
  return (
    noSpace(run.output, details) ??
    unsatisfiedDependencies(run.output, details) ??
    unsignedPackages(run.output, generation) ??
    knownFailure(shownLines(run.output, generation), details) ??
    kojiAway(run.output, generation, details) ??
    (await unreadableSource(run.output, generation)) ??
    (await failedCommand(run.output, generation)) ??
    refusedConfiguration(run, details) ??
    failure('ENGINE_FAILED', messageOf(run.output, generation), details)
  );
}

/** Pungi's solver for modules leaves what it cannot resolve, asked to check or not: it only says so in its log. */
export async function unresolvedBesideModules({ compose, directory }: Generation): Promise<ComposeFailure | null> {
  const problems: string[] = [];
  for (const arch of compose.arches) {
    const logs = join(directory, 'logs', arch);
    for (const name of (await readdir(logs).catch(() => []))
      .filter((file) => /^hybrid-depsolver-.*\.log$/.test(file))
      .toSorted()) {
      problems.push(...solverProblems(await readTail(join(logs, name))).map((problem) => `${problem} (${arch})`));
    }
  }
  if (problems.length === 0) return null;
  return failure(
    'UNSATISFIED_DEPENDENCIES',
    `Packages lack what they need: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? ' …' : ''}`,
    problems.join('\n'),
  );
}

/** `Problem 1 / 2:` and what follows it, indented. */
function solverProblems(log: string): string[] {
  const told = [...log.matchAll(/^Problem \d+ \/ \d+:\n((?: +- .*\n?)+)/gm)].flatMap(([, list]) =>
    (list ?? '').split('\n').map((line) => line.replace(/^ +- /, '').trim()),
  );
  return [...new Set(told.filter((line) => / requires | conflicts |nothing provides/.test(line)))];
}

/** The names asked for that Pungi found in the repositories of no arch; it says so and exits 0. */
export async function packagesNotFound(asked: readonly string[], generation: Generation): Promise<readonly string[]> {
  let missing = asked;
  for (const arch of generation.compose.arches) {
    const logs = await Promise.all([
      readTail(join(generation.directory, 'logs', arch, `pkgset_source.${arch}.log`)),
      readTail(join(generation.directory, 'work', arch, 'pungi', `${VARIANT}.${arch}.comps.log`)),
    ]);
    const named = new Set(
      logs.flatMap((log) => [...log.matchAll(/No package matches pattern (.*)$/gm)].map((match) => match[1])),
    );
    missing = missing.filter((name) => named.has(name));
  }
  return missing;
}

export function missingPackagesFailure(missing: readonly string[]): ComposeFailure {
  return failure('MISSING_PACKAGES', `Not in the source: ${missing.join(', ')}`);
}

/** Error lines and what follows each of them; the last lines where nothing is called an error. */
function detailsOf(output: readonly string[], generation: Generation): string | null {
  const shown = shownLines(output, generation);
  const errors = shown.filter(
    (line, index) => isError(line) || (!hasPrefix(line) && isError(lastPrefixed(shown, index))),
  );
  const text = (errors.length > 0 ? errors : shown.slice(-20)).join('\n').trim();
  return text === '' ? null : text;
}

function shownLines(lines: readonly string[], { directory, scratch }: Generation): string[] {
  const mayBeShown = tracebackFilter();
  return lines
    .filter(mayBeShown)
    .map((line) =>
      presentable(
        line
          .replaceAll(`${scratch}/`, '')
          .replaceAll(scratch, '(scratch)')
          .replaceAll(`${directory}/`, '')
          .replaceAll(directory, '(compose)'),
      ),
    );
}

function isError(line: string | undefined): boolean {
  return (
    line !== undefined &&
    /\[(?:ERROR {3}|CRITICAL)\]|^(?:Failed validation|ERROR|Exception:|\S*pungi-koji: error:)/.test(line)
  );
}

function hasPrefix(line: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d |^(?:WARNING|ERROR|Exception|Failed validation|usage)\b/.test(line);
}

function lastPrefixed(lines: readonly string[], index: number): string | undefined {
  return lines.slice(0, index).findLast(hasPrefix);
}

function noSpace(output: readonly string[], details: string | null): ComposeFailure | null {
  if (!output.some((line) => /No space left on device|Disk quota exceeded/.test(line))) return null;
  return failure('STORAGE', 'The target directory is full; free some space or have composes removed.', details);
}

// The package's name ends with a newline in Pungi 4.3, so that the list stands on a line of its own.
const UNRESOLVED = /Unresolved dependencies for \S+?\.(\S+) in package (\S+?)\s*: (\[.*\])$/gm;

function unsatisfiedDependencies(output: readonly string[], details: string | null): ComposeFailure | null {
  const unmet = [...output.join('\n').matchAll(UNRESOLVED)].map(([, arch, name, list]) => {
    const requirements = [...(list ?? '').matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2]);
    return `${name} requires ${requirements.join(', ')} (${arch})`;
  });
  return unmet.length === 0
    ? null
    : failure('UNSATISFIED_DEPENDENCIES', `Nothing provides what is required: ${unmet.join('; ')}`, details);
}

function unsignedPackages(output: readonly string[], generation: Generation): ComposeFailure | null {
  const text = shownLines(output, generation).join('\n');
  const at = text.search(/RPM\(s\) not found for sigs|Unsigned packages:/);
  if (at < 0) return null;
  const { sigkeys } = generation.compose;
  // Unsigned ones would do: then it is the files that are not there.
  if (sigkeys.length === 0 || sigkeys.includes(''))
    return failure(
      'UPSTREAM_UNAVAILABLE',
      "RPMs that Koji has are not where the worker looks for them; tell an administrator to see to Koji's topDir.",
      text.slice(at),
    );
  const [, list = ''] = /Unsigned packages:\n((?:[^\s:[]+(?:\n|$))+)/.exec(text.slice(at)) ?? [];
  const named = list.trim().split('\n').join(', ');
  return failure(
    'UNSIGNED_PACKAGES',
    `Not signed with ${sigkeys.length === 1 ? 'the key' : 'any of the keys'} ${sigkeys.join(', ')}: ${named || 'see the details'}`,
    text.slice(at),
  );
}

/** Pungi has tried for a while when it gives up. */
function kojiAway(output: readonly string[], { input }: Generation, details: string | null): ComposeFailure | null {
  const place = input.koji?.endpoint ?? input.rawConfig?.koji;
  if (
    !place ||
    !output.some((line) =>
      /Max retries exceeded with url|(?:Connection|ConnectTimeout|ReadTimeout|SSL)Error\b|ServerOffline|Remote end closed connection/.test(
        line,
      ),
    )
  )
    return null;
  return failure('UPSTREAM_UNAVAILABLE', `Koji (${place.profile}) does not answer Pungi; try again later.`, details);
}

async function unreadableSource(output: readonly string[], generation: Generation): Promise<ComposeFailure | null> {
  const log = /For more details see \S*\/logs\/([A-Za-z0-9_]+)\/(pkgset_source\.\1\.log)/.exec(output.join('\n'));
  const [, arch, name] = log ?? [];
  if (!arch || !name) return null;
  const lines = (await readTail(join(generation.directory, 'logs', arch, name))).split('\n');
  const shown = shownLines(lines, generation);
  const cause = shown.findLast((line) => /(?:RepoError|libdnf\._error\.Error): /.test(line));
  if (!cause)
    return failure(
      'ENGINE_FAILED',
      `Pungi could not read the source repository for ${arch}.`,
      shown.slice(-20).join('\n'),
    );
  const hints = shown.filter((line) => /Curl error|Status code/.test(line));
  const details = [
    ...new Set([...hints.map((line) => line.trim()), cause.replace(/^.*?(?:RepoError|libdnf\._error\.Error): /, '')]),
  ].join('\n');
  // Unreachable hosts and their own errors may heal; a repository that is not there will not.
  const mayHeal = hints.some((line) =>
    /Curl error \((?:5|6|7|18|28|35|52|55|56)\)|Status code: (?:429|5\d\d)/.test(line),
  );
  return mayHeal
    ? failure('UPSTREAM_UNAVAILABLE', `The source repository for ${arch} does not answer; try again later.`, details)
    : failure(
        'INVALID_SOURCE',
        `There is no readable repository at the source for ${arch}; check its path or URL.`,
        details,
      );
}

/** Of a program that Pungi runs, the reason is in that one's log alone, which goes with the attempt. */
async function failedCommand(output: readonly string[], generation: Generation): Promise<ComposeFailure | null> {
  const [, program = '', arch, name] =
    /ERROR running command: (\S+) [^\n]*\nFor more details see \S*\/logs\/(\w+)\/([\w.-]+)/.exec(output.join('\n')) ??
    [];
  if (!arch || !name) return null;
  const lines = (await readTail(join(generation.directory, 'logs', arch, name)))
    .split('\n')
    .filter((line) => line.trim() !== '');
  const shown = shownLines(lines, generation).slice(-20);
  if (shown.some((line) => line.endsWith(`${program}: not found`)))
    return failure(
      'ENGINE_FAILED',
      `${program}, a program that Pungi needs, is not installed on the worker; tell an administrator.`,
    );
  return failure(
    'ENGINE_FAILED',
    `Pungi failed: ${program} failed: ${(shown.at(-1) ?? 'without saying why').slice(0, 300)}`,
    shown.join('\n'),
  );
}

/** Pungi stops before it has a STATUS when it does not understand what it is asked. */
function refusedConfiguration({ result, status }: PungiRun, details: string | null): ComposeFailure | null {
  if (status !== null || result.exitCode === 0) return null;
  const what = result.exitCode === 2 ? 'command line' : 'configuration';
  return failure(
    'ENGINE_FAILED',
    `Pungi refuses the ${what} that the service made for it; tell an administrator.`,
    details,
  );
}

function messageOf(output: readonly string[], generation: Generation): string {
  const reason = /Compose run failed: (.*)$/.exec(
    shownLines(output, generation).findLast((line) => line.includes('Compose run failed: ')) ?? '',
  )?.[1];
  return reason ? `Pungi failed: ${reason.slice(0, 300)}` : 'Pungi failed without saying why.';
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
