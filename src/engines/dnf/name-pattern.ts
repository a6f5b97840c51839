// Names of packages asked for, as Pungi takes them: globs where dependencies are followed, and where they are not, regular
// expressions with `*` for anything. That differs for `?` and `[…]`, and a compose is to hold what Pungi's would.

export type NamePattern = (name: string) => boolean;

/** The same as a glob and as an expression: itself. */
const PLAIN = /^[\w.+-]+$/;

/** Whether any of many patterns matches: a set look-up for plain names, which most are. */
export function anyOf(names: readonly string[], pattern: (text: string) => NamePattern): NamePattern {
  const plain = new Set(names.filter((name) => PLAIN.test(name)));
  const others = names.filter((name) => !PLAIN.test(name)).map(pattern);
  return (name) => plain.has(name) || others.some((matches) => matches(name));
}

/** What `gather_method: nodeps` makes of a name. */
export function nodepsPattern(text: string): NamePattern {
  return compiled(text.replace(/[.+]/g, '\\$&').replaceAll('*', '.*'));
}

/** One that is no expression (`[z-a]`) matches nothing. */
function compiled(source: string): NamePattern {
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${source})$`, 's');
  } catch {
    return () => false;
  }
  return (name) => expression.test(name);
}
