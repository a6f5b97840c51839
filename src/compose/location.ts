// The location of a repository: an absolute path or an http(s) URL. Only syntax and configuration are checked here.
// Symbolic links and the addresses of host names are checked when the repository is opened.

export type Location =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'url'; readonly url: string };

export interface LocationBounds {
  /** Directories that local repositories must be below. */
  readonly repoRoots: readonly string[];
  /** URL prefixes that remote repositories must be below. Undefined: the address of the host decides, once it is known. */
  readonly urlAllow: readonly string[] | undefined;
}

const TOO_LONG = 'must be at most 2,000 characters long';
const UNSAFE = /[\u0000-\u0020\u007f-\u{10ffff}"'`;\\<>|*?{}]/u;

/** The location, or what is wrong with it. `$basearch` is allowed anywhere in the path. */
export function parseLocation(text: string, bounds: LocationBounds): Location | { readonly problem: string } {
  if (text.length > 2_000) return { problem: TOO_LONG };
  if (/^https?:\/\//i.test(text)) return parseUrl(text, bounds.urlAllow);
  if (!text.startsWith('/')) return { problem: 'must be an absolute path or an http:// or https:// URL' };
  if (UNSAFE.test(text))
    return { problem: 'must not contain white space, quotes, control characters or any of ; \\ < > | * ? { }' };
  if (text.split('/').some((segment) => segment === '..' || segment === '.'))
    return { problem: 'must not contain . or .. as a path segment' };
  const path = text.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
  if (!bounds.repoRoots.some((root) => isBelow(path, root))) return { problem: outsideRoots(bounds.repoRoots) };
  return { kind: 'path', path };
}

/** The same for a location that must be a URL. */
export function parseUrlLocation(
  text: string,
  urlAllow: LocationBounds['urlAllow'],
): { readonly url: string } | { readonly problem: string } {
  if (!/^https?:\/\//i.test(text)) return { problem: 'must be an http:// or https:// URL' };
  return text.length > 2_000 ? { problem: TOO_LONG } : parseUrl(text, urlAllow);
}

function parseUrl(
  text: string,
  urlAllow: LocationBounds['urlAllow'],
): { readonly kind: 'url'; readonly url: string } | { readonly problem: string } {
  if (UNSAFE.test(text.replace('?', '')))
    return {
      problem:
        'must not contain white space, quotes, control characters or any of ; \\ < > | * { }; percent-encode them',
    };
  // The authority ends at the first slash. Everything before an @ in it is userinfo.
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '';
  if (authority.includes('@')) return { problem: 'must not contain a user name or password' };
  if (text.split(/[/?#]/).some((segment) => /^(\.|%2e){1,2}$/i.test(segment)))
    return { problem: 'must not contain . or .. as a path segment' };
  if (text.includes('#')) return { problem: 'must not contain a fragment (#)' };
  const url = URL.parse(text);
  if (!url) return { problem: 'must be a valid URL' };
  if (urlAllow && !urlAllow.some((prefix) => isUrlBelow(url, prefix))) {
    return { problem: `must be below one of: ${urlAllow.join(' ')}` };
  }
  return { kind: 'url', url: url.href.replace(/\/$/, '') };
}

export function isBelow(path: string, root: string): boolean {
  return root === '/' || path === root.replace(/\/$/, '') || path.startsWith(`${root.replace(/\/$/, '')}/`);
}

/** Whether the URL has the origin of the prefix and begins with its path segments: `https://host/ab` is not below `https://host/a`. */
export function isUrlBelow(url: URL, prefix: string): boolean {
  const allowed = URL.parse(prefix);
  return allowed !== null && url.origin === allowed.origin && isBelow(url.pathname, allowed.pathname);
}

function outsideRoots(roots: readonly string[]): string {
  return roots.length === 0
    ? 'must be an http:// or https:// URL; this server allows no local paths'
    : `must be below one of: ${roots.join(' ')}`;
}
