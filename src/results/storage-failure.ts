// Turns errors of the file system into failures of a compose, without paths of the server.

import { StorageError } from '../app/ports.ts';
import { failure, type ComposeFailure } from '../compose/failure.ts';

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: 'is full. Remove composes, or ask an administrator for more space',
  EDQUOT: 'is full (quota). Remove composes, or ask an administrator for more space',
  EROFS: 'is mounted read-only. Ask an administrator to mount it writable',
  EACCES: 'is not writable for the service. Ask an administrator to correct its permissions',
  EPERM: 'is not writable for the service. Ask an administrator to correct its permissions',
  EIO: 'has a faulty disk. Ask an administrator to check it',
  ESTALE: 'is on a network file system that does not answer. Try again later',
  ETIMEDOUT: 'is on a network file system that does not answer. Try again later',
  ENOTDIR: 'is not a directory. Ask an administrator to correct it',
  ENOENT: 'does not exist. Ask an administrator whether its file system is mounted',
  EMFILE: 'cannot be opened, because the service has too many open files. Try again later',
  ENFILE: 'cannot be opened, because the machine has too many open files. Try again later',
};

/** `problem`: continues the sentence `The target directory X …`, without the full stop. The failure is retryable. */
export function storageFailure(targetName: string, problem: string): ComposeFailure {
  return failure('STORAGE', `The target directory ${targetName} ${problem}.`);
}

/** Null for an error that is not from the file system. */
export function fromFileSystem(targetName: string, error: unknown): ComposeFailure | null {
  const code = codeOf(error);
  const meaning = code === undefined ? undefined : MEANING[code];
  return meaning === undefined ? null : storageFailure(targetName, meaning);
}

/** Runs `work`. Rejects with `StorageError` for an error of the file system. */
export async function onFileSystem<T>(targetName: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = fromFileSystem(targetName, error);
    throw problem ? new StorageError(problem, { cause: error }) : error;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The result of `work`, or `otherwise` after ENOENT. */
export async function unlessAbsent<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return otherwise;
    throw error;
  }
}
