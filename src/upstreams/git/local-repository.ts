// The bare repository in scratch: made, filled from the server, and written out as files that have been checked.

import { mkdir, rm } from 'node:fs/promises';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { toolMissingFailure } from '../../compose/tool-failures.ts';
import type { Answer, Failed } from '../answer.ts';
import { git } from './git-command.ts';
import { runRemote } from './remote-command.ts';
import { isFullCommit } from './revision.ts';
import type { Session } from './session.ts';
import { refuseLinks, refuseTree } from './tree-check.ts';

/** The server has no such commit, or does not hand out single commits. */
const REFUSED_COMMIT =
  /not our ref|unadvertised object|dumb http transport|does not support shallow|couldn't find remote ref|no such remote ref|unable to find/i;

/** Only the commit, if the server allows that; else all branches and tags. */
export async function fetchCommit(session: Session): Promise<ComposeFailure | null> {
  const { url, revision, gitDirectory } = session;
  const problem = await init(session);
  if (problem) return problem;
  const fetched = await runRemote(
    session,
    [`--git-dir=${gitDirectory}`, 'fetch', '--quiet', '--no-tags', '--depth=1', '--', url, revision],
    ({ stderr }) => REFUSED_COMMIT.test(stderr),
  );
  if ('failure' in fetched) return fetched.failure;
  return fetched.value.exitCode === 0 ? null : fetchAll(session);
}

/** All branches and tags with their history. */
export async function fetchAll(session: Session): Promise<ComposeFailure | null> {
  const problem = await init(session);
  if (problem) return problem;
  const references = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  const fetched = await runRemote(session, [
    `--git-dir=${session.gitDirectory}`,
    'fetch',
    '--quiet',
    '--',
    session.url,
    ...references,
  ]);
  return 'failure' in fetched ? fetched.failure : null;
}

async function init({ command, gitDirectory }: Session): Promise<ComposeFailure | null> {
  await rm(gitDirectory, { recursive: true, force: true });
  const { exitCode, stderr } = await git(command, ['init', '--quiet', '--bare', '--template=', gitDirectory]);
  if (exitCode === 127) return toolMissingFailure('git', null, 'INTERNAL');
  return exitCode === 0 ? null : failure('STORAGE', 'git cannot write to the scratch directory of the worker.', stderr);
}

/** The full commit of the session's revision, if it was fetched. */
export async function findCommit(session: Session): Promise<Answer<string>> {
  const { stdout, exitCode } = await git(session.command, [
    `--git-dir=${session.gitDirectory}`,
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${session.revision}^{commit}`,
  ]);
  const [commit] = stdout;
  return exitCode === 0 && commit && isFullCommit(commit) ? { value: commit } : noSuchRevision(session);
}

export function noSuchRevision({ revision, subject }: Session): Failed {
  const message = `${subject} has no commit, branch or tag ${revision}. Correct the request.`;
  return { failure: failure('INVALID_SOURCE', message) };
}

/** Refused if the files are too many or too large, or if a link leads out of `directory`. */
export async function writeFiles(
  { command, gitDirectory, subject, options }: Session,
  commit: string,
  directory: string,
): Promise<ComposeFailure | null> {
  const refuse = (reason: string, details: string | null = null) =>
    failure('INVALID_SOURCE', `${subject} at ${commit} ${reason}.`, details);
  const tree = await git(command, [`--git-dir=${gitDirectory}`, 'ls-tree', '-r', '-l', '--full-tree', commit]);
  const refusal = tree.exitCode === 0 ? refuseTree(tree.stdout, options) : 'holds a tree that cannot be read';
  if (refusal) return refuse(refusal);
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
  if (written.exitCode !== 0) return refuse('cannot be checked out', written.stderr);
  const link = await refuseLinks(directory);
  return link === null ? null : refuse(link);
}
