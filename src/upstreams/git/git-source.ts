// Files of a git repository at a commit. Only repositories that the configuration names are asked; what comes is bounded
// in size and time, and is files and nothing else: no history, no hooks, no submodules, no links that lead out.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type { ProcessRunner } from '../../app/ports.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { git, type GitCommand, type GitOutcome } from './git-command.ts';
import { problemOf } from './git-failure.ts';
import { isFullCommit, isRevision, parseReferences, resolveRevision } from './revision.ts';
import { refuseLinks, refuseTree, sizeOf, type TreeBounds } from './tree-check.ts';

export interface GitSourceOptions {
  /** PATH of the programs. */
  readonly path: string;
  /** The URLs that may be asked, as the configuration spells them. */
  readonly urls: readonly string[];
  readonly protocols?: readonly string[];
  /** For one command. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly maxFiles?: number;
  readonly retry?: RetryPolicy;
}

export interface GitContext {
  readonly run: ProcessRunner;
  /** An empty directory, on a file system with room for the repository; its content is of no use afterwards. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export type CommitResult = { readonly commit: string } | { readonly failure: ComposeFailure };

interface Session {
  readonly url: string;
  readonly revision: string;
  readonly command: GitCommand;
  readonly gitDirectory: string;
}

type Fetched = { readonly outcome: GitOutcome } | { readonly failure: ComposeFailure };

/** ssh only to hosts that /etc/ssh/ssh_known_hosts knows. */
const PROTOCOLS = ['https', 'http', 'ssh', 'git'];
const SIZE_POLL_MS = 200;
const REFUSED_COMMIT =
  /not our ref|unadvertised object|dumb http transport|does not support shallow|couldn't find remote ref|no such remote ref|unable to find/i;

export class GitSource {
  readonly #options: Required<GitSourceOptions>;

  constructor(options: GitSourceOptions) {
    this.#options = {
      protocols: PROTOCOLS,
      timeoutMs: 300_000,
      maxBytes: 512 * 1024 ** 2,
      maxFiles: 100_000,
      retry: RETRY_POLICIES['git-transport'],
      ...options,
    };
  }

  /** The commit that a branch, a tag or the beginning of a commit stands for just now. Rejects after an abort. */
  async resolve(url: string, revision: string, context: GitContext): Promise<CommitResult> {
    const session = this.#open(url, revision, context);
    if ('failure' in session) return session;
    if (isFullCommit(revision)) return { commit: revision };
    const listed = await this.#ask(session, ['ls-remote', '--', url]);
    if ('failure' in listed) return listed;
    const resolution = resolveRevision(revision, parseReferences(listed.outcome.stdout));
    if ('commit' in resolution) return resolution;
    if ('ambiguous' in resolution)
      return {
        failure: failure(
          'INVALID_SOURCE',
          `${revision} in ${url} is the beginning of several commits: ${resolution.ambiguous.slice(0, 3).join(', ')}; give more of it`,
        ),
      };
    if (resolution.unknown === 'name') return notThere(session);
    // A commit that no reference points to: only all of the history can tell.
    const fetched = (await this.#init(session)) ?? (await this.#fetchAll(session));
    if (fetched) return { failure: fetched };
    return await this.#verify(session);
  }

  /** The files at a revision, in `directory`, which must not be there yet. Rejects after an abort. */
  async checkOut(url: string, revision: string, directory: string, context: GitContext): Promise<CommitResult> {
    const resolved = await this.resolve(url, revision, context);
    if ('failure' in resolved) return resolved;
    const session = this.#open(url, resolved.commit, context);
    if ('failure' in session) return session;
    try {
      const problem = await this.#fetchCommit(session);
      if (problem) return { failure: problem };
      const verified = await this.#verify(session);
      if ('failure' in verified) return verified;
      const refusal = await this.#writeFiles(session, verified.commit, directory);
      if (!refusal) return verified;
      await rm(directory, { recursive: true, force: true });
      return { failure: refusal };
    } finally {
      await rm(session.gitDirectory, { recursive: true, force: true });
    }
  }

  #open(
    url: string,
    revision: string,
    { run, scratch, signal }: GitContext,
  ): Session | { readonly failure: ComposeFailure } {
    const { urls, protocols, path, timeoutMs } = this.#options;
    if (!urls.includes(url))
      return {
        failure: failure(
          'INVALID_SOURCE',
          `The git repository ${url} is not one that the service is configured to read`,
        ),
      };
    const protocol = /^([a-z][a-z0-9+.-]*):\/\/[^-]/i.exec(url)?.[1]?.toLowerCase();
    if (!protocol || !protocols.includes(protocol))
      return {
        failure: failure(
          'INVALID_SOURCE',
          `The git repository ${url} may not be read: its URL must begin with one of ${protocols.map((name) => `${name}://`).join(' ')}`,
        ),
      };
    if (!isRevision(revision))
      return { failure: failure('INVALID_SOURCE', `${JSON.stringify(revision)} is no commit, branch or tag`) };
    return {
      url,
      revision,
      command: { run, path, protocols, scratch, signal, timeoutMs },
      gitDirectory: join(scratch, 'repository.git'),
    };
  }

  /** A command that talks to the server, tried again where the transport failed. */
  async #ask(
    session: Session,
    args: readonly string[],
    isAnswer: (outcome: GitOutcome) => boolean = () => false,
  ): Promise<Fetched> {
    const { command, url } = session;
    const askOnce = async () => {
      const outcome = await this.#bounded(session, args);
      if (outcome === 'too-large')
        return {
          failure: failure(
            'INVALID_SOURCE',
            `The git repository ${url} is larger than the ${this.#options.maxBytes} bytes that are allowed`,
          ),
        };
      return outcome.exitCode === 0 || isAnswer(outcome) ? { outcome } : problemOf(outcome, url, command.timeoutMs);
    };
    return (
      await retry(
        this.#options.retry,
        command.signal,
        askOnce,
        (fetched) => 'transport' in fetched && fetched.transport,
      )
    ).outcome;
  }

  /** Ends a command that fills the disk. */
  async #bounded({ command, gitDirectory }: Session, args: readonly string[]): Promise<GitOutcome | 'too-large'> {
    const tooLarge = new AbortController();
    const over = new AbortController();
    const watching = watchSize(gitDirectory, this.#options.maxBytes, tooLarge, over.signal);
    try {
      const outcome = await git({ ...command, signal: AbortSignal.any([command.signal, tooLarge.signal]) }, args);
      return (await sizeOf(gitDirectory)) > this.#options.maxBytes ? 'too-large' : outcome;
    } catch (error) {
      command.signal.throwIfAborted();
      if (tooLarge.signal.aborted) return 'too-large';
      throw error;
    } finally {
      over.abort();
      await watching;
    }
  }

  async #init(session: Session): Promise<ComposeFailure | null> {
    const { command, gitDirectory } = session;
    await rm(gitDirectory, { recursive: true, force: true });
    const { exitCode, stderr } = await git(command, ['init', '--quiet', '--bare', '--template=', gitDirectory]);
    if (exitCode === 127) return toolMissingFailure('git', null, 'INTERNAL');
    return exitCode === 0 ? null : failure('STORAGE', 'git cannot write to the scratch directory', stderr);
  }

  /** The commit alone where the server gives it, else all that there is. */
  async #fetchCommit(session: Session): Promise<ComposeFailure | null> {
    const { url, revision } = session;
    const problem = await this.#init(session);
    if (problem) return problem;
    const args = [
      `--git-dir=${session.gitDirectory}`,
      'fetch',
      '--quiet',
      '--no-tags',
      '--depth=1',
      '--',
      url,
      revision,
    ];
    const fetched = await this.#ask(session, args, ({ stderr }) => REFUSED_COMMIT.test(stderr));
    if ('failure' in fetched) return fetched.failure;
    return fetched.outcome.exitCode === 0 ? null : ((await this.#init(session)) ?? (await this.#fetchAll(session)));
  }

  async #fetchAll(session: Session): Promise<ComposeFailure | null> {
    const fetched = await this.#ask(session, [
      `--git-dir=${session.gitDirectory}`,
      'fetch',
      '--quiet',
      '--',
      session.url,
      '+refs/heads/*:refs/heads/*',
      '+refs/tags/*:refs/tags/*',
    ]);
    return 'failure' in fetched ? fetched.failure : null;
  }

  async #verify(session: Session): Promise<CommitResult> {
    const { stdout, exitCode } = await git(session.command, [
      `--git-dir=${session.gitDirectory}`,
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${session.revision}^{commit}`,
    ]);
    const [commit] = stdout;
    return exitCode === 0 && commit && isFullCommit(commit) ? { commit } : notThere(session);
  }

  async #writeFiles(
    { command, gitDirectory, url }: Session,
    commit: string,
    directory: string,
  ): Promise<ComposeFailure | null> {
    const bounds: TreeBounds = this.#options;
    const tree = await git(command, [`--git-dir=${gitDirectory}`, 'ls-tree', '-r', '-l', '--full-tree', commit]);
    const refusal = tree.exitCode === 0 ? refuseTree(tree.stdout, bounds) : 'holds a tree that cannot be read';
    if (refusal) return failure('INVALID_SOURCE', `The git repository ${url} at ${commit} ${refusal}`);
    await mkdir(directory);
    const written = await git(command, [
      `--git-dir=${gitDirectory}`,
      `--work-tree=${directory}`,
      'checkout',
      '--quiet',
      '--force',
      '--no-recurse-submodules',
      '--detach',
      commit,
    ]);
    if (written.exitCode !== 0)
      return failure('INVALID_SOURCE', `The git repository ${url} at ${commit} cannot be checked out`, written.stderr);
    const leading = await refuseLinks(directory);
    return leading ? failure('INVALID_SOURCE', `The git repository ${url} at ${commit} ${leading}`) : null;
  }
}

function notThere({ revision, url }: Session): { readonly failure: ComposeFailure } {
  return {
    failure: failure('INVALID_SOURCE', `There is no commit, branch or tag ${revision} in the git repository ${url}`),
  };
}

async function watchSize(
  directory: string,
  maxBytes: number,
  tooLarge: AbortController,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    if ((await sizeOf(directory)) > maxBytes) return tooLarge.abort();
    await delay(SIZE_POLL_MS, undefined, { signal: over }).catch(() => {});
  }
}
