// Finds out why Pungi failed. Its exit code does not say; the reason is in its output, or in the log of a program that it ran.

import { join } from 'node:path';
import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type { Generation } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { unsatisfiedDependenciesFailure, unsignedPackagesFailure } from '../../compose/package-failures.ts';
import type { ToolOutcome } from '../shared/run-tool.ts';
import { knownFailure } from './known-failures.ts';
import { errorExcerpt, lastLines, presentableLines, readTail } from './log-excerpt.ts';

export interface PungiRun {
  readonly outcome: ToolOutcome;
  /** Content of the STATUS file; null when there is none. */
  readonly status: string | null;
}

/** What the rules look at. */
interface Evidence extends PungiRun {
  readonly generation: Generation;
  /** Output lines as Pungi wrote them. */
  readonly output: readonly string[];
  readonly text: string;
  /** Output lines that may be shown. */
  readonly lines: readonly string[];
  readonly details: string | null;
}

type Rule = (evidence: Evidence) => ComposeFailure | null | Promise<ComposeFailure | null>;

/** The first rule that applies decides. */
const RULES: readonly Rule[] = [
  notStarted,
  killed,
  noSpace,
  unsatisfiedDependencies,
  unsignedPackages,
  ({ lines, details }) => knownFailure(lines, details),
  kojiUnavailable,
  unreadableSource,
  failedProgram,
  refusedInput,
];

export async function diagnose(run: PungiRun, generation: Generation): Promise<ComposeFailure> {
  const { output } = run.outcome;
  const lines = presentableLines(output, generation);
  const details = errorExcerpt(lines);
  const evidence = { ...run, generation, output, text: output.join('\n'), lines, details };
  for (const rule of RULES) {
    const found = await rule(evidence);
    if (found) return found;
  }
  const [, reason] =
    /Compose run failed: (.*)$/.exec(lines.findLast((line) => line.includes('Compose run failed: ')) ?? '') ?? [];
  return failure(
    'ENGINE_FAILED',
    reason ? `Pungi failed: ${reason.slice(0, 300)}` : 'Pungi failed without a reason in its output. See the log.',
    details,
  );
}

function notStarted({ outcome: { exitCode }, details }: Evidence): ComposeFailure | null {
  return exitCode === 126 || exitCode === 127 ? toolMissingFailure('pungi-koji', details) : null;
}

function killed({ outcome: { signal }, details }: Evidence): ComposeFailure | null {
  if (signal === null) return null;
  return failure(
    'ENGINE_FAILED',
    `Pungi was killed (${signal}). Ask an administrator whether the worker ran out of memory.`,
    details,
  );
}

function noSpace({ text, details }: Evidence): ComposeFailure | null {
  if (!/No space left on device|Disk quota exceeded/.test(text)) return null;
  return failure(
    'STORAGE',
    'The target directory is full. Remove composes or ask an administrator for more space, then try again.',
    details,
  );
}

// Pungi 4.3 puts a newline behind the package's name, so that the list is on a line of its own.
const UNRESOLVED = /Unresolved dependencies for \S+?\.(\S+) in package (\S+?)\s*: (\[.*\])$/gm;

function unsatisfiedDependencies({ text, details }: Evidence): ComposeFailure | null {
  const problems = [...text.matchAll(UNRESOLVED)].map(([, arch, name, list]) => {
    const requirements = [...(list ?? '').matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2]);
    return `${name} requires ${requirements.join(', ')} (${arch})`;
  });
  return problems.length === 0 ? null : unsatisfiedDependenciesFailure(problems, details);
}

function unsignedPackages({ lines, generation }: Evidence): ComposeFailure | null {
  const text = lines.join('\n');
  const start = text.search(/RPM\(s\) not found for sigs|Unsigned packages:/);
  if (start < 0) return null;
  const { sigkeys } = generation.compose;
  const rest = text.slice(start);
  // The request accepts unsigned RPMs, so that the files themselves are missing.
  if (sigkeys.length === 0 || sigkeys.includes(''))
    return failure(
      'UPSTREAM_UNAVAILABLE',
      "The worker cannot find RPM files that Koji has. Ask an administrator to check Koji's topDir.",
      rest,
    );
  const [, list = ''] = /Unsigned packages:\n((?:[^\s:[]+(?:\n|$))+)/.exec(rest) ?? [];
  const packages = list.trim().split('\n').filter(Boolean);
  return unsignedPackagesFailure(packages, sigkeys, rest);
}

/** Pungi has retried before it gives up. */
function kojiUnavailable({ text, generation: { input }, details }: Evidence): ComposeFailure | null {
  const endpoint = input.koji?.endpoint ?? input.rawConfig?.koji;
  const isConnectionError =
    /Max retries exceeded with url|(?:Connection|ConnectTimeout|ReadTimeout|SSL)Error\b|ServerOffline|Remote end closed connection/.test(
      text,
    );
  if (!endpoint || !isConnectionError) return null;
  return failure('UPSTREAM_UNAVAILABLE', `Koji (${endpoint.profile}) does not answer Pungi. Try again later.`, details);
}

async function unreadableSource({ text, generation }: Evidence): Promise<ComposeFailure | null> {
  const log = /For more details see \S*\/logs\/([A-Za-z0-9_]+)\/(pkgset_source\.\1\.log)/.exec(text);
  const [, arch, name] = log ?? [];
  if (!arch || !name) return null;
  const tail = await readTail(join(generation.directory, 'logs', arch, name));
  const lines = presentableLines(tail.split('\n'), generation);
  const cause = lines.findLast((line) => /(?:RepoError|libdnf\._error\.Error): /.test(line));
  if (!cause)
    return failure(
      'ENGINE_FAILED',
      `Pungi could not read the source repository for ${arch}. See the details.`,
      lastLines(lines).join('\n'),
    );
  const hints = lines.filter((line) => /Curl error|Status code/.test(line));
  const details = [
    ...new Set([...hints.map((line) => line.trim()), cause.replace(/^.*?(?:RepoError|libdnf\._error\.Error): /, '')]),
  ].join('\n');
  // Connection errors and errors of the server are transient; a missing repository is permanent.
  const isTransient = hints.some((line) =>
    /Curl error \((?:5|6|7|18|28|35|52|55|56)\)|Status code: (?:429|5\d\d)/.test(line),
  );
  return isTransient
    ? failure('UPSTREAM_UNAVAILABLE', `The source repository for ${arch} does not answer. Try again later.`, details)
    : failure(
        'INVALID_SOURCE',
        `There is no readable repository at the source for ${arch}. Correct its path or URL.`,
        details,
      );
}

/** A program that Pungi ran failed. Only that program's log has the reason, and it is deleted with the attempt. */
async function failedProgram({ text, generation }: Evidence): Promise<ComposeFailure | null> {
  const [, program = '', arch, name] =
    /ERROR running command: (\S+) [^\n]*\nFor more details see \S*\/logs\/(\w+)\/([\w.-]+)/.exec(text) ?? [];
  if (!arch || !name) return null;
  const tail = await readTail(join(generation.directory, 'logs', arch, name));
  const nonEmpty = tail.split('\n').filter((line) => line.trim() !== '');
  const lines = lastLines(presentableLines(nonEmpty, generation));
  if (lines.some((line) => line.endsWith(`${program}: not found`)))
    return toolMissingFailure(`${program}, which Pungi needs`);
  return failure(
    'ENGINE_FAILED',
    `Pungi failed: ${program} failed: ${(lines.at(-1) ?? 'its log is empty').slice(0, 300)}`,
    lines.join('\n'),
  );
}

/** Pungi ended before it wrote STATUS: it did not accept its input. */
function refusedInput({ outcome: { exitCode }, status, details }: Evidence): ComposeFailure | null {
  if (status !== null || exitCode === 0) return null;
  const input = exitCode === 2 ? 'command line' : 'configuration';
  return failure(
    'ENGINE_FAILED',
    `Pungi refuses the ${input} that the service made for it. Report this to an administrator.`,
    details,
  );
}
