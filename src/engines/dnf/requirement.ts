// Parses RPM requirements: a name with or without a version, or a rich expression (rpm's "Boolean Dependencies"). The result
// only decides which packages are candidates: libsolv's `whatprovides` treats `and`, `or` and `if … else` as unions.

import { compareEvr, parseEvr, type Evr } from '../../compose/rpm-version.ts';

type Operator = '<' | '<=' | '=' | '>=' | '>';

export interface Relation {
  readonly name: string;
  readonly range: Range | null;
}

interface Range {
  readonly operator: Operator;
  readonly evr: Evr;
}

export type Requirement =
  | { readonly kind: 'simple'; readonly relation: Relation }
  | { readonly kind: 'union' | 'intersection' | 'difference'; readonly left: Requirement; readonly right: Requirement }
  /** Ignores the right side. */
  | { readonly kind: 'left'; readonly left: Requirement };

const OPERATORS: ReadonlySet<string> = new Set(['<', '<=', '=', '>=', '>']);

/** `name` or `name OP evr`, the form of package indexes. */
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

  /** `( term { word term } )`; starts at the opening parenthesis. */
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
      return { kind: 'intersection', left, right };
    case 'without':
      return { kind: 'difference', left, right };
    case 'if':
    case 'unless':
      return { kind: 'left', left };
    default:
      return { kind: 'union', left, right };
  }
}

/** A name can have parentheses, e.g. `lib.so.1()(64bit)`. A closing one without an opening one ends the name. */
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

/** Whether both ranges share a version, by rpm's rules. Null stands for all versions. */
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
