// Collects the problems of a request, so that a client learns all of them at once. Values are returned as given.

import type { FieldProblem } from '../refusal.ts';
import { LIMITS } from './rules.ts';

export type Strings = readonly string[] | null | undefined;

/** A kind of text: what it must match, and the message for a text that does not. */
export interface TextKind {
  readonly pattern: RegExp;
  readonly expected: string;
  readonly limit?: number;
}

export class Check {
  readonly problems: FieldProblem[] = [];

  fail(path: string, message: string): void {
    this.problems.push({ path, message });
  }

  text(path: string, value: string, { pattern, expected, limit = LIMITS.name }: TextKind): string {
    if (value.length > limit) this.fail(path, `must be at most ${limit} characters long; it has ${value.length}`);
    else if (value.trim() === '' && !pattern.test('')) this.fail(path, 'must not be empty');
    else if (!pattern.test(value)) this.fail(path, expected);
    return value;
  }

  strings(path: string, values: Strings, kind: TextKind, limit: number = LIMITS.list): string[] {
    const items = values ?? [];
    // A list that is too long gets one problem, not one for each of its items.
    if (this.size(path, items, limit)) items.forEach((value, index) => this.text(`${path}.${index}`, value, kind));
    return unique(items);
  }

  size(path: string, values: readonly unknown[], limit: number): boolean {
    if (values.length > limit) this.fail(path, `must have at most ${limit} items; it has ${values.length}`);
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
        known.length === 0 ? `must be ${what}, and there is none` : `must be ${what}, one of: ${known.join(', ')}`,
      );
    return value;
  }

  /** A whole number of 32 bits that is at least `least`, or null if none is given. */
  integer(path: string, value: number | null | undefined, least: number, message: string): number | null {
    if (value == null) return null;
    if (!Number.isSafeInteger(value) || value < least || value > 2 ** 31 - 1) this.fail(path, message);
    return value;
  }
}

export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
