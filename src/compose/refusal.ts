// A refused operation. It is an expected outcome, so it is a value; graphql/ turns it into an error.

export interface FieldProblem {
  /** The field of the input, e.g. `input.source.repo.packages.3`. */
  readonly path: string;
  /** What is wrong with the field, and what to write instead. */
  readonly message: string;
}

export type Refusal =
  | { readonly code: 'INVALID_INPUT'; readonly fields: readonly FieldProblem[] }
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
  return refused({ code: 'INVALID_INPUT', fields });
}
