// What a requirement asks for: a name with or without a version, or a rich expression of such. Only what decides which
// packages are candidates: for libsolv's `whatprovides`, `and`, `or` and `if … else` are all unions.

import { compareEvr, parseEvr, type Evr } from '../../compose/rpm-version.ts';

export type Operator = '<' | '<=' | '=' | '>=' | '>';

export interface Relation {
  readonly name: string;
  readonly range: Range | null;
}

export interface Range {
  readonly operator: Operator;
  readonly evr: Evr;
}

export type Requirement =
  | { readonly kind: 'simple'; readonly relation: Relation }
  | { readonly kind: 'union' | 'both' | 'minus'; readonly left: Requirement; readonly right: Requirement }
  /** Only the left side counts. */
  | { readonly kind: 'first'; readonly left: Requirement };

const OPERATORS: ReadonlySet<string> = new Set(['<', '<=', '=', '>=', '>']);

/** `name` or `name OP evr`, as package indexes spell it. */
export function parseRelation(text: string): Relation {
  const [name = '', operator, evr] = text.split(' ');
  return {
    name,
    range:
      operator !== undefined && evr !== undefined && OPERATORS.has(operator)
        ? { operator: operator as Operator, evr: parseEvr(evr) }
        : null,
  };
}

export function parseRequirement(text: string): Requirement {
  if (!text.startsWith('(')) return { kind: 'simple', relation: parseRelation(text) };
  const words = tokenize(text);
  let position = 0;
  return expression();

  /** `( term { word term } )`, the opening parenthesis next. */
  function expression(): Requirement {
    position++;
    let left = term();
    for (;;) {
      const word = words[position++];
      if (word === undefined || word === ')') return left;
      left = combine(word, left, term());
    }
  }

  function term(): Requirement {
    if (words[position] === '(') return expression();
    const name = words[position++] ?? '';
    const operator = words[position];
    if (operator === undefined || !OPERATORS.has(operator)) return { kind: 'simple', relation: { name, range: null } };
    position += 2;
    return {
      kind: 'simple',
      relation: { name, range: { operator: operator as Operator, evr: parseEvr(words[position - 1] ?? '') } },
    };
  }
}

function combine(word: string, left: Requirement, right: Requirement): Requirement {
  switch (word) {
    case 'with':
      return { kind: 'both', left, right };
    case 'without':
      return { kind: 'minus', left, right };
    case 'if':
    case 'unless':
      return { kind: 'first', left };
    default:
      return { kind: 'union', left, right };
  }
}

/** Names hold parentheses of their own, `lib.so.1()(64bit)`: one that closes nothing ends the name. */
function tokenize(text: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === ' ') at++;
    else if (character === '(' || character === ')') {
      words.push(character);
      at++;
    } else {
      const start = at;
      for (let depth = 0; at < text.length && text[at] !== ' '; at++) {
        if (text[at] === '(') depth++;
        if (text[at] === ')' && --depth < 0) break;
      }
      words.push(text.slice(start, at));
    }
  }
  return words;
}

/** Whether some version is in both ranges, as rpm has it; no range is every version. */
export function overlaps(left: Range | null, right: Range | null): boolean {
  if (!left || !right) return true;
  const order = compareEvr(left.evr, right.evr);
  if (order < 0) return left.operator.startsWith('>') || right.operator.startsWith('<');
  if (order > 0) return left.operator.startsWith('<') || right.operator.startsWith('>');
  const bothEqual = left.operator.endsWith('=') && right.operator.endsWith('=');
  return (
    bothEqual ||
    (left.operator.startsWith('<') && right.operator.startsWith('<')) ||
    (left.operator.startsWith('>') && right.operator.startsWith('>'))
  );
}
