// A repository that Pulp serves, whichever Pulp tells of it, and the questions that a Pulp answers.

import { z } from 'zod';
import type { ComposeFailure } from '../../compose/failure.ts';

export interface PulpRepository {
  readonly id: string;
  /** Null where it is known by its id only. */
  readonly contentSet: string | null;
  /** Without a slash at its end. */
  readonly url: string;
  /** Null where Pulp does not tell: then it is taken for any. */
  readonly arch: string | null;
  /** In order, none twice. */
  readonly sigkeys: readonly string[];
  readonly productVersions: readonly string[];
}

export interface PulpQuery {
  /** INCLUDE_UNPUBLISHED_PULP_REPOS */
  readonly includeUnpublished: boolean;
  readonly signal: AbortSignal;
}

export type PulpAnswer = { readonly repositories: readonly PulpRepository[] } | { readonly failure: ComposeFailure };

/** Pulp 2 and Pulp 3. What is not there is not in the answer. Both reject after an abort. */
export interface PulpServer {
  byContentSets(contentSets: readonly string[], query: PulpQuery): Promise<PulpAnswer>;
  byIds(ids: readonly string[], query: PulpQuery): Promise<PulpAnswer>;
}

/** What comes to stand in a .repo file, where a line break or a bracket would mean something. */
export const repositoryId = z
  .string()
  .regex(/^[^\s[\]\u0000-\u001f\u007f]{1,500}$/, 'holds characters that no repository id may');
export const archName = z.string().regex(/^[A-Za-z0-9_]{1,50}$/, 'is not an arch');

/** Pulp keeps lists as text: `a,b`, or JSON. */
export function commaList(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
  ].sort();
}

export function jsonList(text: string): readonly string[] {
  try {
    const parsed = z.array(z.string()).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : [];
  } catch {
    return [];
  }
}

/** Null where it is no URL that a .repo file can hold. */
export function repositoryUrl(relative: string, base: string): string | null {
  if (/[\s\u0000-\u001f\u007f]/.test(relative)) return null;
  const url = URL.parse(relative, `${base.replace(/\/+$/, '')}/`);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '')
    return null;
  return url.href.replace(/\/+$/, '');
}
