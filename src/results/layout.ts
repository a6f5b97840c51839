// Paths and names in a target directory. The service never moves or deletes anything with another name.

import { basename, dirname, join } from 'node:path';
import { directoryName, isComposeId } from '../compose/compose-id.ts';

/** Has the uuid of the database that the directory belongs to. */
export const INSTANCE_FILE = '.odcs-instance';
export const ATTEMPTS = '.attempts';
export const TRASH = '.trash';
export const LOGS = '.logs';
export const CACHE = '.kept';

export const TRASH_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ATTEMPT_NAME = /^(\d+)\.(\d+)(?:\.scratch)?$/;
const LOG_NAME = /^(\d+)\.log$/;

export function publishedPath(target: string, id: string): string {
  return join(target, directoryName(decimal(id)));
}

export function attemptPath(target: string, id: string, attempt: number): string {
  return join(target, ATTEMPTS, `${decimal(id)}.${attempt}`);
}

export function scratchPath(target: string, id: string, attempt: number): string {
  return `${attemptPath(target, id, attempt)}.scratch`;
}

export function logDirectory(target: string, id: string): string {
  return join(target, LOGS, decimal(id));
}

export function logPath(target: string, id: string, attempt: number): string {
  return join(logDirectory(target, id), `${attempt}.log`);
}

/** Null for any other name. */
export function parseAttemptName(name: string): { readonly id: string; readonly attempt: number } | null {
  const [, id, attempt] = ATTEMPT_NAME.exec(name) ?? [];
  return id && attempt ? { id, attempt: Number(attempt) } : null;
}

/** The number of the attempt; null for any other name. */
export function parseLogName(name: string): number | null {
  const attempt = LOG_NAME.exec(name)?.[1];
  return attempt ? Number(attempt) : null;
}

/** The target directory of an attempt's path; null for any other path. */
export function targetOfAttempt(path: string): string | null {
  const attempts = dirname(path);
  return basename(attempts) === ATTEMPTS && parseAttemptName(basename(path)) ? dirname(attempts) : null;
}

/** An id becomes part of a path that may be deleted, so that anything but a number is refused. */
function decimal(id: string): string {
  if (!isComposeId(id)) throw new Error(`not a compose id: ${JSON.stringify(id)}`);
  return id;
}
