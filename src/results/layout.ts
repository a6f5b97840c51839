// What lies where in a target directory, and which names in it are ours. Nothing else there is ever moved or deleted.

import { basename, dirname, join } from 'node:path';
import { directoryName, isComposeId } from '../compose/compose-id.ts';

/** Uuid of the database that the directory belongs to. */
export const INSTANCE_FILE = '.odcs-instance';
export const ATTEMPTS = '.attempts';
export const TRASH = '.trash';
export const LOGS = '.logs';
export const KEPT = '.kept';

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

/** Whose attempt a name in `.attempts` is; null for a name that is not ours. */
export function parseAttemptName(name: string): { readonly id: string; readonly attempt: number } | null {
  const [, id, attempt] = ATTEMPT_NAME.exec(name) ?? [];
  return id && attempt ? { id, attempt: Number(attempt) } : null;
}

export function parseLogName(name: string): number | null {
  const attempt = LOG_NAME.exec(name)?.[1];
  return attempt ? Number(attempt) : null;
}

/** The target directory that an attempt's path lies in, or null where the path is not one of ours. */
export function targetOfAttempt(path: string): string | null {
  const attempts = dirname(path);
  return basename(attempts) === ATTEMPTS && parseAttemptName(basename(path)) ? dirname(attempts) : null;
}

/** Ids become parts of paths: one that is not a number is a bug that must not get that far. */
function decimal(id: string): string {
  if (!isComposeId(id)) throw new Error(`not a compose id: ${JSON.stringify(id)}`);
  return id;
}
