// Which packages a name in a request means: a name, name.arch, or a glob as fnmatch(3) has it, as Pungi reads comps.

export interface NamedPackage {
  readonly name: string;
  readonly arch: string;
}

export function packageMatcher(pattern: string): (candidate: NamedPackage) => boolean {
  if (!/[*?[]/.test(pattern)) return ({ name, arch }) => name === pattern || `${name}.${arch}` === pattern;
  const glob = globToRegExp(pattern);
  return ({ name, arch }) => glob.test(name) || glob.test(`${name}.${arch}`);
}

/** The names asked for that no binary package answers to, in the order asked. */
export function missingPackages(
  asked: readonly string[],
  packages: readonly (NamedPackage & { readonly category: 'binary' | 'source' | 'debug' })[],
): string[] {
  const binary = packages.filter((candidate) => candidate.category === 'binary');
  const present = new Set(binary.flatMap(({ name, arch }) => [name, `${name}.${arch}`]));
  return asked.filter((pattern) => !present.has(pattern) && !binary.some(packageMatcher(pattern)));
}

function globToRegExp(glob: string): RegExp {
  const body = glob.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (token, not: string | undefined, set: string | undefined) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
    return token.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  });
  return new RegExp(`^${body}$`, 's');
}
