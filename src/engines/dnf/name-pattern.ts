// Package names of a request under NO_DEPS. Pungi takes them for globs when it follows dependencies, and otherwise for regular
// expressions with `*` for any text, so that `?` and `[…]` mean something else.

type NamePattern = (name: string) => boolean;

/** Matches itself only, as a glob and as an expression. */
const PLAIN = /^[\w.+-]+$/;

/** Whether any pattern matches. Plain names, the usual case, need one look-up in a set. */
export function anyOf(names: readonly string[], pattern: (text: string) => NamePattern): NamePattern {
  const plain = new Set(names.filter((name) => PLAIN.test(name)));
  const others = names.filter((name) => !PLAIN.test(name)).map(pattern);
  return (name) => plain.has(name) || others.some((matches) => matches(name));
}

/** The meaning of a name with `gather_method: nodeps`. */
export function nodepsPattern(text: string): NamePattern {
  return compiled(text.replace(/[.+]/g, '\\$&').replaceAll('*', '.*'));
}

/** An invalid expression (`[z-a]`) matches nothing. */
function compiled(source: string): NamePattern {
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${source})$`, 's');
  } catch {
    return () => false;
  }
  return (name) => expression.test(name);
}
