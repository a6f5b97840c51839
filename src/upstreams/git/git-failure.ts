// Why a git command that talks to a server failed, from what it wrote: what may heal, and what is wrong with the source.

import { toolMissingFailure } from '../../compose/tool-failures.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { GitOutcome } from './git-command.ts';

/** Of the transport: worth another try at once. */
const TRANSPORT =
  /could not resolve host|connection (refused|reset|timed out)|failed to connect|couldn't connect|timed out|early eof|unexpected disconnect|rpc failed|hung up unexpectedly|returned error: (5\d\d|429)|operation too slow|network is unreachable|empty reply|transfer closed|invalid index-pack output|gnutls|ssl_/i;
const NOT_THERE =
  /not found|does not appear to be a git repository|not valid: is this a git repository|returned error: (404|410)/i;
const NOT_ALLOWED =
  /authentication failed|could not read (username|password)|terminal prompts disabled|permission denied|returned error: (401|403)|host key verification failed/i;
const FORBIDDEN_PROTOCOL = /transport '[^']*' not allowed/i;
const UNSOUND = /fsck error|error in object|bad object|invalid path/i;

export interface GitProblem {
  readonly failure: ComposeFailure;
  readonly transport: boolean;
}

export function problemOf(outcome: GitOutcome, url: string, timeoutMs: number): GitProblem {
  const { exitCode, timedOut, stderr } = outcome;
  if (timedOut)
    return problem(
      'UPSTREAM_UNAVAILABLE',
      `The git repository ${url} could not be read within ${Math.round(timeoutMs / 1000)} s`,
      stderr,
    );
  if (exitCode === 127) return { failure: toolMissingFailure('git', stderr || null, 'INTERNAL'), transport: false };
  if (FORBIDDEN_PROTOCOL.test(stderr))
    return problem(
      'INVALID_SOURCE',
      `The git repository ${url} may not be read: its protocol, or one that it leads to, is not allowed`,
      stderr,
    );
  if (NOT_ALLOWED.test(stderr))
    return problem(
      'INVALID_SOURCE',
      `The git repository ${url} may not be read by the service: it wants credentials`,
      stderr,
    );
  if (UNSOUND.test(stderr))
    return problem('INVALID_SOURCE', `The git repository ${url} holds damaged or dangerous objects`, stderr);
  if (TRANSPORT.test(stderr))
    return {
      ...problem('UPSTREAM_UNAVAILABLE', `The git repository ${url} did not answer, or not to the end`, stderr),
      transport: true,
    };
  if (NOT_THERE.test(stderr)) return problem('INVALID_SOURCE', `There is no git repository at ${url}`, stderr);
  return problem('UPSTREAM_UNAVAILABLE', `The git repository ${url} could not be read`, stderr);
}

function problem(code: ComposeFailure['code'], message: string, details: string): GitProblem {
  return { failure: failure(code, message, details === '' ? null : details), transport: false };
}
