// Collects what is wrong with a request, so that a client learns of all of it at once; values come back as given.

import type { FieldProblem } from '../refusal.ts';
import { LIMITS } from './rules.ts';

export type Strings = readonly string[] | null | undefined;

/** A kind of text: the characters it may hold and how a person is told of them. */
export interface TextKind {
  readonly pattern: RegExp;
  readonly allowed: string;
  readonly limit?: number;
}

export class Check {
  readonly problems: FieldProblem[] = [];

  fail(path: string, message: string): void {
    this.problems.push({ path, message });
  }

  text(path: string, value: string, { pattern, allowed, limit = LIMITS.name }: TextKind): string {
    if (value.length > limit) this.fail(path, `must be at most ${limit} characters`);
    else if (value.trim() === '' && !pattern.test('')) this.fail(path, 'must not be empty');
    else if (!pattern.test(value)) this.fail(path, `may hold only: ${allowed}`);
    return value;
  }

  strings(path: string, values: Strings, kind: TextKind, limit: number = LIMITS.list): string[] {
    const items = values ?? [];
    // One line tells it: a problem for each of ten thousand items would help nobody.
    if (this.size(path, items, limit)) items.forEach((value, index) => this.text(`${path}.${index}`, value, kind));
    return unique(items);
  }

  size(path: string, values: readonly unknown[], limit: number): boolean {
    if (values.length > limit) this.fail(path, `must hold at most ${limit} items; it holds ${values.length}`);
    return values.length <= limit;
  }

  oneOf(path: string, values: readonly string[], known: readonly string[], what: string): string[] {
    if (this.size(path, values, LIMITS.list))
      values.forEach((value, index) => this.known(`${path}.${index}`, value, known, what));
    return unique(values);
  }

  known(path: string, value: string, known: readonly string[], what: string): string {
    if (!known.includes(value))
      this.fail(
        path,
        known.length === 0
          ? `is no ${what}: none is configured here`
          : `is no ${what} known here; one of: ${known.join(', ')}`,
      );
    return value;
  }

  /** A whole number within bounds, or null where none was given. */
  integer(path: string, value: number | null | undefined, least: number, message: string): number | null {
    if (value == null) return null;
    if (!Number.isSafeInteger(value) || value < least || value > 2 ** 31 - 1) this.fail(path, message);
    return value;
  }
}

export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
