// The size of a page: 1 to 100 items, from the beginning or from the end of a list.

import type { FieldProblem } from '../compose/refusal.ts';
import { badInput } from './errors.ts';

export const MAX_PAGE = 100;
/** For lists without a default of their own. */
export const DEFAULT_PAGE = 20;

interface Ends {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
}

export function pageSize({ first, last }: Ends): { readonly limit: number; readonly backwards: boolean } {
  const problems: FieldProblem[] = [];
  if (first != null && last != null) problems.push({ path: 'last', message: 'must not be used together with `first`' });
  if (first != null && !isSize(first)) problems.push(outOfBounds('first'));
  if (last != null && !isSize(last)) problems.push(outOfBounds('last'));
  if (problems.length > 0) throw badInput(...problems);
  return { limit: first ?? last ?? DEFAULT_PAGE, backwards: last != null };
}

function isSize(value: number): boolean {
  return value >= 1 && value <= MAX_PAGE;
}

function outOfBounds(path: string): FieldProblem {
  return { path, message: `must be 1 to ${MAX_PAGE}` };
}
