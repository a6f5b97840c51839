// Reads files of a git repository at a commit. Only configured repositories are read; size and time are bounded, and the
// result is plain files: no history, no hooks, no submodules, no links that lead out.

import { rm } from 'node:fs/promises';
import { failure } from '../../compose/failure.ts';
import { RETRY_POLICIES } from '../../concurrency/retry-policies.ts';
import type { Answer } from '../answer.ts';
import { fetchAll, fetchCommit, findCommit, noSuchRevision, writeFiles } from './local-repository.ts';
import { runRemote } from './remote-command.ts';
import { isFullCommit, parseReferences, resolveRevision } from './revision.ts';
import { openSession, type GitContext, type GitOptions } from './session.ts';

export type { GitContext } from './session.ts';

export type GitClientOptions = Pick<GitOptions, 'path' | 'urls'> & Partial<GitOptions>;

/** ssh connects only to hosts of /etc/ssh/ssh_known_hosts. */
export const GIT_PROTOCOLS: readonly string[] = ['https', 'http', 'ssh', 'git'];

/** Both methods answer a full commit, and reject after an abort. */
export class GitClient {
  readonly #options: GitOptions;

  constructor(options: GitClientOptions) {
    this.#options = {
      protocols: GIT_PROTOCOLS,
      timeoutMs: 300_000,
      maxBytes: 512 * 1024 ** 2,
      maxFiles: 100_000,
      retry: RETRY_POLICIES['git-transport'],
      ...options,
    };
  }

  /** The commit that a branch, a tag or an abbreviated commit means now. */
  async resolve(url: string, revision: string, context: GitContext): Promise<Answer<string>> {
    const session = openSession(this.#options, url, revision, context);
    if ('failure' in session) return session;
    if (isFullCommit(revision)) return { value: revision };
    const listed = await runRemote(session, ['ls-remote', '--', url]);
    if ('failure' in listed) return listed;
    const resolution = resolveRevision(revision, parseReferences(listed.value.stdout));
    if ('commit' in resolution) return { value: resolution.commit };
    if ('ambiguous' in resolution) {
      const examples = resolution.ambiguous.slice(0, 3).join(', ');
      const message = `${revision} abbreviates several commits in ${session.subject}: ${examples}. Give more digits.`;
      return { failure: failure('INVALID_SOURCE', message) };
    }
    if (resolution.unknown === 'name') return noSuchRevision(session);
    // No reference points to the commit, so only the whole history can tell.
    const problem = await fetchAll(session);
    return problem ? { failure: problem } : await findCommit(session);
  }

  /** Writes the files at a revision to `directory`, which must not exist. */
  async checkOut(url: string, revision: string, directory: string, context: GitContext): Promise<Answer<string>> {
    const resolved = await this.resolve(url, revision, context);
    if ('failure' in resolved) return resolved;
    const session = openSession(this.#options, url, resolved.value, context);
    if ('failure' in session) return session;
    try {
      const problem = await fetchCommit(session);
      if (problem) return { failure: problem };
      const commit = await findCommit(session);
      if ('failure' in commit) return commit;
      const refusal = await writeFiles(session, commit.value, directory);
      if (!refusal) return commit;
      await rm(directory, { recursive: true, force: true });
      return { failure: refusal };
    } finally {
      await rm(session.gitDirectory, { recursive: true, force: true });
    }
  }
}
