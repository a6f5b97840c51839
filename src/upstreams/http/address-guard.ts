// Where a repository may lie, decided when it is looked at: local paths by where they really lead, URLs by prefix or by
// the address that is connected to. Validation of the request has looked at syntax only (compose/location.ts).

import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { realpath, stat } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { isBelow, isUrlBelow } from '../../compose/location.ts';

export interface RepoBounds {
  /** Directories that local repositories may lie below; compared after realpath on both sides. */
  readonly repoRoots: readonly string[];
  /** URL prefixes; undefined = any host with a public address. */
  readonly urlAllow: readonly string[] | undefined;
  /** This service is for its own machine only: every URL is allowed. */
  readonly hostIsLoopback: boolean;
}

export const FORBIDDEN_ADDRESS = 'ODCS_FORBIDDEN_ADDRESS';

/** The real directory of a local repository, within the roots. */
export async function resolveLocal(
  path: string,
  bounds: RepoBounds,
): Promise<{ readonly directory: string } | { readonly failure: ComposeFailure }> {
  let directory: string;
  try {
    directory = await realpath(path);
    if (!(await stat(directory)).isDirectory())
      return invalid(`${path} is not a directory; give the directory that holds repodata/`);
  } catch (error) {
    return unreadable(path, error);
  }
  const roots = await Promise.all(bounds.repoRoots.map((root) => realpath(root).catch(() => null)));
  // No word about where a link leads: what lies outside is none of the requester's business.
  if (!roots.some((root) => root !== null && isBelow(directory, root)))
    return invalid(`${path} leads out of the directories that repositories may lie in`);
  return { directory };
}

function unreadable(path: string, error: unknown): { readonly failure: ComposeFailure } {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return invalid(`There is no repository at ${path}: the directory does not exist`);
  if (code === 'EACCES' || code === 'EPERM') return invalid(`The repository at ${path} may not be read by the service`);
  if (code === 'ELOOP' || code === 'ENAMETOOLONG') return invalid(`${path} cannot be followed (${code})`);
  return { failure: failure('STORAGE', `${path} cannot be read (${code})`) };
}

export function invalid(message: string, details: string | null = null): { readonly failure: ComposeFailure } {
  return { failure: failure('INVALID_SOURCE', message, details) };
}

/** Null where `url` may be asked. Host names are checked once more when they are connected to, by `guardedLookup`. */
export function refuseUrl(url: URL, bounds: RepoBounds): string | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is not http: or https:`;
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  // A server may take an encoded slash for a real one, after prefixes were compared.
  if (/%(2f|5c|00)/i.test(url.pathname)) return 'its path holds an encoded slash, backslash or NUL';
  if (bounds.hostIsLoopback) return null;
  if (bounds.urlAllow)
    return bounds.urlAllow.some((prefix) => isUrlBelow(url, prefix))
      ? null
      : 'it is below none of the URLs that are allowed here';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) && !isPublicAddress(host)
    ? 'it is a loopback, link-local, private or otherwise reserved address'
    : null;
}

/** As `dns.lookup` with all addresses. */
export type HostLookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A look-up for `net.connect` that gives only addresses that may be connected to, whatever the name resolved to before. */
export function guardedLookup(bounds: RepoBounds, lookup: HostLookup = dnsLookup): LookupFunction | undefined {
  if (bounds.hostIsLoopback || bounds.urlAllow) return undefined;
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const forbidden = addresses.find(({ address }) => !isPublicAddress(address));
      const [first] = addresses;
      if (forbidden || !first) {
        const refusal = new Error(`${hostname} resolves to an address that is not public`);
        return callback(Object.assign(refusal, { code: FORBIDDEN_ADDRESS }), '', 0);
      }
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

export function isPublicAddress(text: string): boolean {
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv6 && (address.range() === 'rfc6052' || address.range() === '6to4')) {
    // IPv4 inside: NAT64 in the last four bytes, 6to4 in the four after the prefix.
    const bytes = address.toByteArray();
    const inner = address.range() === 'rfc6052' ? bytes.slice(12) : bytes.slice(2, 6);
    return ipaddr.fromByteArray(inner).range() === 'unicast';
  }
  return address.range() === 'unicast';
}
