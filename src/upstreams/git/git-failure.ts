// Why a git command that talks to a server failed, by what git wrote: whether another try may succeed, and whose fault it
// was.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { redactLine } from '../../compose/redaction.ts';
import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type { GitOutcome } from './git-command.ts';

const TRANSPORT =
  /could not resolve host|connection (refused|reset|timed out)|failed to connect|couldn't connect|timed out|early eof|unexpected disconnect|rpc failed|hung up unexpectedly|returned error: (5\d\d|429)|operation too slow|network is unreachable|empty reply|transfer closed|invalid index-pack output|gnutls|ssl_/i;
const NOT_FOUND =
  /not found|does not appear to be a git repository|not valid: is this a git repository|returned error: (404|410)/i;
const NO_CREDENTIALS =
  /authentication failed|could not read (username|password)|terminal prompts disabled|permission denied|returned error: (401|403)|host key verification failed/i;
const FORBIDDEN_PROTOCOL = /transport '[^']*' not allowed/i;
const DAMAGED = /fsck error|error in object|bad object|invalid path/i;

interface GitProblem {
  readonly failure: ComposeFailure;
  /** Whether another try may succeed at once. */
  readonly isTransient: boolean;
}

/** `subject`: the repository, for messages. */
export function problemOf({ exitCode, timedOut, stderr }: GitOutcome, subject: string, timeoutMs: number): GitProblem {
  const problem = (code: ComposeFailure['code'], message: string, isTransient = false) => ({
    failure: failure(code, message, stderr === '' ? null : stderr.split('\n').map(redactLine).join('\n')),
    isTransient,
  });
  if (timedOut)
    return problem('UPSTREAM_UNAVAILABLE', `${subject} did not answer within ${timeoutMs / 1000} s. Try again later.`);
  if (exitCode === 127) return { failure: toolMissingFailure('git', stderr || null, 'INTERNAL'), isTransient: false };
  if (FORBIDDEN_PROTOCOL.test(stderr))
    return problem('INVALID_SOURCE', `${subject} may not be read: it uses, or redirects to, a forbidden protocol.`);
  if (NO_CREDENTIALS.test(stderr))
    return problem(
      'INVALID_SOURCE',
      `${subject} may not be read without credentials, which the service does not have.`,
    );
  if (DAMAGED.test(stderr)) return problem('INVALID_SOURCE', `${subject} holds damaged or dangerous objects.`);
  if (TRANSPORT.test(stderr))
    return problem('UPSTREAM_UNAVAILABLE', `${subject} did not answer, or not completely. Try again later.`, true);
  if (NOT_FOUND.test(stderr)) return problem('INVALID_SOURCE', `${subject} does not exist. Check the URL.`);
  return problem('UPSTREAM_UNAVAILABLE', `${subject} could not be read. Try again later.`);
}
