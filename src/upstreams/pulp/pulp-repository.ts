// Repositories that Pulp serves, in the form that Pulp 2 and Pulp 3 have in common, and what a Pulp can be asked.

import { z } from 'zod';
import type { Answer } from '../answer.ts';

export interface PulpRepository {
  readonly id: string;
  /** Null if the repository belongs to none. */
  readonly contentSet: string | null;
  /** Without a slash at its end. */
  readonly url: string;
  /** Null if Pulp has no arch of it: the repository then counts for every arch. */
  readonly arch: string | null;
  /** Sorted and unique. */
  readonly sigkeys: readonly string[];
  readonly productVersions: readonly string[];
}

export interface PulpQuery {
  /** INCLUDE_UNPUBLISHED_PULP_REPOS */
  readonly includeUnpublished: boolean;
  readonly signal: AbortSignal;
}

/** What does not exist is left out of the answer. Both methods reject after an abort. */
export interface PulpServer {
  byContentSets(contentSets: readonly string[], query: PulpQuery): Promise<Answer<readonly PulpRepository[]>>;
  byIds(ids: readonly string[], query: PulpQuery): Promise<Answer<readonly PulpRepository[]>>;
  close(): Promise<void>;
}

/** Written into a .repo file, where line breaks and brackets have a meaning. */
export const repositoryId = z
  .string()
  .regex(/^[^\s[\]\u0000-\u001f\u007f]{1,500}$/, 'holds characters that no repository id may hold');
export const archName = z.string().regex(/^[A-Za-z0-9_]{1,50}$/, 'is not an arch');

/** `a,b` */
export function commaList(text: string): readonly string[] {
  const items = text.split(',').map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ''))].sort();
}

/** Empty if the text is not a JSON array of texts. */
export function jsonList(text: string): readonly string[] {
  try {
    const parsed = z.array(z.string()).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : [];
  } catch {
    return [];
  }
}

/** Null if the result is not a URL that a .repo file can hold. */
export function repositoryUrl(relative: string, base: string): string | null {
  if (/[\s\u0000-\u001f\u007f]/.test(relative)) return null;
  const url = URL.parse(relative, `${base.replace(/\/+$/, '')}/`);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '')
    return null;
  return url.href.replace(/\/+$/, '');
}
