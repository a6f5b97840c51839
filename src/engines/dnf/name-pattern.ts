// Names of packages asked for, as Pungi takes them: globs where dependencies are followed, and where they are not, regular
// expressions with `*` for anything. That differs for `?` and `[…]`, and a compose is to hold what Pungi's would.

export type NamePattern = (name: string) => boolean;

const GLOB = /[*?[]/;
/** The same as a glob and as an expression: itself. */
const PLAIN = /^[\w.+-]+$/;

export function isGlob(text: string): boolean {
  return GLOB.test(text);
}

export function globPattern(glob: string): NamePattern {
  if (!isGlob(glob)) return (name) => name === glob;
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] ?? '';
    const close = character === '[' ? glob.indexOf(']', glob[at + 1] === '!' || glob[at + 1] === '^' ? at + 3 : at + 2) : -1;
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (close > 0) {
      source += bracket(glob.slice(at + 1, close));
      at = close;
    } else source += escape(character);
  }
  return compiled(source);
}

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

function bracket(inside: string): string {
  const negated = inside.startsWith('!') || inside.startsWith('^');
  return `[${negated ? '^' : ''}${(negated ? inside.slice(1) : inside).replace(/[\\\]^[]/g, '\\$&')}]`;
}

function escape(character: string): string {
  return /[\w-]/.test(character) ? character : `\\${character}`;
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
