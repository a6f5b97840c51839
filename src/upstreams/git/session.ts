// What all commands about one revision of one repository share; opened only for URLs and revisions that are safe to pass to
// git.

import { join } from 'node:path';
import type { ProcessRunner } from '../../app/ports.ts';
import { failure } from '../../compose/failure.ts';
import { redactLine } from '../../compose/redaction.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import type { Failed } from '../answer.ts';
import type { GitCommand } from './git-command.ts';
import { isRevision } from './revision.ts';

export interface GitContext {
  readonly run: ProcessRunner;
  /** An empty directory on a file system with room for the repository. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export interface GitOptions {
  /** PATH of git and ssh. */
  readonly path: string;
  /** URLs that may be read, as the configuration spells them. */
  readonly urls: readonly string[];
  /** What a URL may begin with, e.g. `https`. */
  readonly protocols: readonly string[];
  /** For one command. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly retry: RetryPolicy;
}

export interface Session {
  readonly url: string;
  /** Subject of messages: the URL without credentials. */
  readonly subject: string;
  readonly revision: string;
  readonly command: GitCommand;
  readonly gitDirectory: string;
  readonly options: GitOptions;
}

export function openSession(
  options: GitOptions,
  url: string,
  revision: string,
  { run, scratch, signal }: GitContext,
): Session | Failed {
  const { urls, protocols, path, timeoutMs } = options;
  const subject = `The git repository ${redactLine(url)}`;
  if (!urls.includes(url))
    return refused(`${subject} is not in the configuration of this service. Ask the operators to add it.`);
  const protocol = /^([a-z][a-z0-9+.-]*):\/\/[^-]/i.exec(url)?.[1]?.toLowerCase();
  if (!protocol || !protocols.includes(protocol))
    return refused(
      `${subject} may not be read: its URL must begin with one of ${protocols.map((name) => `${name}://`).join(' ')}.`,
    );
  if (!isRevision(revision)) return refused(`${JSON.stringify(revision)} is not the name of a commit, branch or tag.`);
  const command = { run, path, protocols, scratch, signal, timeoutMs };
  return { url, subject, revision, command, gitDirectory: join(scratch, 'repository.git'), options };
}

function refused(message: string): Failed {
  return { failure: failure('INVALID_SOURCE', message) };
}
