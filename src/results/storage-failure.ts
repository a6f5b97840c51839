// What a file system's refusal means to the person whose compose it hits. Paths of the server stay out of it.

import { StorageError } from '../app/ports.ts';
import { failure, type ComposeFailure } from '../compose/failure.ts';

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: 'is full; free some space or have composes removed',
  EDQUOT: 'is full (quota); free some space or have composes removed',
  EROFS: 'is mounted read-only',
  EACCES: 'may not be written to by the service',
  EPERM: 'may not be written to by the service',
  EIO: 'has a faulty disk',
  ESTALE: 'is on a network file system that does not answer',
  ETIMEDOUT: 'is on a network file system that does not answer',
  ENOTDIR: 'is not a directory',
  ENOENT: 'is not there; is its file system mounted?',
  EMFILE: 'cannot be reached: the service has too many files open',
  ENFILE: 'cannot be reached: the machine has too many files open',
};

export function storageFailure(targetName: string, problem: string): ComposeFailure {
  return failure('STORAGE', `The target directory ${targetName} ${problem}.`);
}

/** The failure that an error of `node:fs` stands for; null where it is none of the file system's. */
export function fromFileSystem(targetName: string, error: unknown): ComposeFailure | null {
  const code = codeOf(error);
  const meaning = code === undefined ? undefined : MEANING[code];
  return meaning === undefined ? null : storageFailure(targetName, meaning);
}

/** Runs `work`; where the file system refuses, rejects with `StorageError`. */
export async function onFileSystem<T>(targetName: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = fromFileSystem(targetName, error);
    throw reason ? new StorageError(reason, { cause: error }) : error;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `work`, or `otherwise` where what it works on is not there. */
export async function unlessAbsent<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return otherwise;
    throw error;
  }
}
