// An operation that is refused: an expected outcome, hence a value. graphql/ maps it to an error once, in one place.

export interface FieldProblem {
  /** Where in the input, e.g. `input.source.repo.packages.3`. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

export type Refusal =
  | { readonly code: 'BAD_USER_INPUT'; readonly fields: readonly FieldProblem[] }
  | { readonly code: 'UNAUTHENTICATED'; readonly message: string }
  | { readonly code: 'FORBIDDEN'; readonly message: string }
  | { readonly code: 'NOT_FOUND'; readonly message: string }
  | { readonly code: 'CONFLICT'; readonly message: string }
  | { readonly code: 'UPSTREAM_UNAVAILABLE'; readonly message: string }
  | { readonly code: 'RATE_LIMITED'; readonly message: string };

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function granted<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

export function badInput(...fields: FieldProblem[]): { readonly ok: false; readonly refusal: Refusal } {
  return refused({ code: 'BAD_USER_INPUT', fields });
}
