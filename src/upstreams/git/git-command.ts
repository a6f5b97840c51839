// One git command, isolated from this machine: only our configuration, no hooks, filters or helpers, no password prompts,
// and no protocols but the allowed ones.

import type { ProcessRunner } from '../../app/ports.ts';

export interface GitCommand {
  readonly run: ProcessRunner;
  /** PATH of git and ssh. */
  readonly path: string;
  /** Allowed protocols, e.g. `https`. */
  readonly protocols: readonly string[];
  /** git's HOME and working directory. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export interface GitOutcome {
  /** Null after a signal. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: readonly string[];
  /** The last lines. */
  readonly stderr: string;
}

const CONFIGURATION: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'core.autocrlf': 'false',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'credential.helper': '',
  'submodule.recurse': 'false',
  'fetch.recurseSubmodules': 'false',
  'fetch.fsckObjects': 'true',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'http.lowSpeedLimit': '1',
  'http.lowSpeedTime': '60',
  'init.defaultBranch': 'main',
  'safe.directory': '*',
  // Harmless mistakes of old tools.
  'fetch.fsck.zeroPaddedFilemode': 'ignore',
  'fetch.fsck.badTimezone': 'ignore',
  'fetch.fsck.missingSpaceBeforeDate': 'ignore',
};

const MAX_STDOUT_LINES = 500_000;
const MAX_STDERR_LINES = 20;

/** Rejects after an abort. */
export async function git(command: GitCommand, args: readonly string[], stdin?: string): Promise<GitOutcome> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const settings = Object.entries(CONFIGURATION).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const outcome = await command.run({
    file: 'git',
    args: [...settings, ...args],
    cwd: command.scratch,
    env: environment(command),
    signal: command.signal,
    timeoutMs: command.timeoutMs,
    ...(stdin !== undefined && { stdin }),
    onOutput(line, stream) {
      if (stream === 'stdout') {
        if (stdout.length < MAX_STDOUT_LINES) stdout.push(line);
      } else {
        stderr.push(line);
        if (stderr.length > MAX_STDERR_LINES) stderr.shift();
      }
    },
  });
  command.signal.throwIfAborted();
  return { exitCode: outcome.exitCode, timedOut: outcome.timedOut, stdout, stderr: stderr.join('\n') };
}

function environment({ path, protocols, scratch }: GitCommand): Record<string, string> {
  return {
    PATH: path,
    HOME: scratch,
    TMPDIR: scratch,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes',
    GIT_ALLOW_PROTOCOL: protocols.join(':'),
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_FLUSH: '1',
  };
}
