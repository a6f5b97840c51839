// A git command that talks to the server: retried if the transport fails, and stopped if the repository grows beyond
// its bound.

import { setTimeout as delay } from 'node:timers/promises';
import { UpstreamInterrupted } from '../../app/ports.ts';
import { failure } from '../../compose/failure.ts';
import { retry } from '../../concurrency/retry.ts';
import type { Answer } from '../answer.ts';
import { git, type GitOutcome } from './git-command.ts';
import { problemOf } from './git-failure.ts';
import type { Session } from './session.ts';
import { sizeOf } from './tree-check.ts';

const SIZE_POLL_MS = 200;

/** `isAnswer`: exit codes other than 0 that are not failures. Rejects with `UpstreamInterrupted` after an abort. */
export async function runRemote(
  session: Session,
  args: readonly string[],
  isAnswer: (outcome: GitOutcome) => boolean = () => false,
): Promise<Answer<GitOutcome>> {
  const { subject, command, options } = session;
  const { signal } = command;
  const runOnce = async () => {
    const outcome = await runBounded(session, args);
    if (outcome === 'too-large') {
      const message = `${subject} is larger than the allowed ${options.maxBytes} bytes.`;
      return { failure: failure('INVALID_SOURCE', message), isTransient: false };
    }
    return outcome.exitCode === 0 || isAnswer(outcome)
      ? { value: outcome }
      : problemOf(outcome, subject, command.timeoutMs);
  };
  try {
    const { outcome } = await retry(
      options.retry,
      signal,
      runOnce,
      (tried) => 'isTransient' in tried && tried.isTransient,
    );
    return 'value' in outcome ? outcome : { failure: outcome.failure };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new UpstreamInterrupted(subject, signal.reason);
  }
}

async function runBounded(
  { command, gitDirectory, options: { maxBytes } }: Session,
  args: readonly string[],
): Promise<GitOutcome | 'too-large'> {
  const tooLarge = new AbortController();
  const ended = new AbortController();
  const watching = watchSize(gitDirectory, maxBytes, tooLarge, ended.signal);
  try {
    const outcome = await git({ ...command, signal: AbortSignal.any([command.signal, tooLarge.signal]) }, args);
    return (await sizeOf(gitDirectory)) > maxBytes ? 'too-large' : outcome;
  } catch (error) {
    command.signal.throwIfAborted();
    if (tooLarge.signal.aborted) return 'too-large';
    throw error;
  } finally {
    ended.abort();
    await watching;
  }
}

async function watchSize(
  directory: string,
  maxBytes: number,
  tooLarge: AbortController,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    if ((await sizeOf(directory)) > maxBytes) return tooLarge.abort();
    await delay(SIZE_POLL_MS, undefined, { signal: ended }).catch(() => {});
  }
}
