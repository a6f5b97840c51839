// Which URLs of a request may be used: http(s) below an allowed prefix or, without prefixes, with a public address. The
// address is checked when it is connected to, so that a name cannot change what it resolves to in between.

import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isUrlBelow } from '../../compose/location.ts';

export interface UrlBounds {
  /** URL prefixes; undefined allows any host with a public address. */
  readonly urlAllow: readonly string[] | undefined;
  /** The service is reachable from its own machine only: every URL is allowed. */
  readonly hostIsLoopback: boolean;
}

/** Error code of a connection to an address that is not public. */
export const FORBIDDEN_ADDRESS = 'ODCS_FORBIDDEN_ADDRESS';

/** Null if `url` may be requested, else the reason. `guardedLookup` checks the addresses of host names. */
export function refuseUrl(url: URL, bounds: UrlBounds): string | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is not http: or https:`;
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  // A server may decode the slash after the prefixes were compared.
  if (/%(2f|5c|00)/i.test(url.pathname)) return 'its path holds an encoded slash, backslash or NUL';
  if (bounds.hostIsLoopback) return null;
  if (bounds.urlAllow)
    return bounds.urlAllow.some((prefix) => isUrlBelow(url, prefix)) ? null : 'it is below none of the allowed URLs';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) && !isPublicAddress(host)
    ? 'it is a loopback, link-local, private or otherwise reserved address'
    : null;
}

/** `dns.lookup` with all addresses. */
export type HostLookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** For `net.connect`: fails with `FORBIDDEN_ADDRESS` if an address is not public. Undefined if nothing is guarded. */
export function guardedLookup(bounds: UrlBounds, lookup: HostLookup = dnsLookup): LookupFunction | undefined {
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
    // An IPv4 address inside: NAT64 in the last four bytes, 6to4 in the four after the prefix.
    const bytes = address.toByteArray();
    const inner = address.range() === 'rfc6052' ? bytes.slice(12) : bytes.slice(2, 6);
    return ipaddr.fromByteArray(inner).range() === 'unicast';
  }
  return address.range() === 'unicast';
}
