// What a hub's fault means for a compose. Koji's exceptions have the codes 1000 to 1024 (`koji.GenericError` and its
// subclasses); any other error inside the hub has code 1.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { redactLine } from '../../compose/redaction.ts';
import type { XmlRpcFault } from '../xml-rpc/value.ts';
import type { KojiProfile } from './koji-profile.ts';

export const FAULT = {
  GENERIC: 1000,
  LOCK: 1001,
  AUTH: 1002,
  TAG: 1003,
  ACTION_NOT_ALLOWED: 1004,
  BUILD: 1005,
  AUTH_LOCK: 1006,
  AUTH_EXPIRED: 1007,
  SEQUENCE: 1008,
  RETRY: 1009,
  FUNCTION_DEPRECATED: 1013,
  SERVER_OFFLINE: 1014,
  PARAMETER: 1019,
  CONFIGURATION: 1021,
  GSSAPI_AUTH: 1023,
} as const;

const OFFLINE: ReadonlySet<number> = new Set([FAULT.SERVER_OFFLINE, FAULT.LOCK]);
const LOGIN_NEEDED: ReadonlySet<number> = new Set([
  FAULT.AUTH,
  FAULT.AUTH_LOCK,
  FAULT.AUTH_EXPIRED,
  FAULT.SEQUENCE,
  FAULT.RETRY,
  FAULT.GSSAPI_AUTH,
  FAULT.ACTION_NOT_ALLOWED,
]);
const UNKNOWN_CALL: ReadonlySet<number> = new Set([FAULT.PARAMETER, FAULT.FUNCTION_DEPRECATED]);
/** The hub looked, and does not have what the request names. */
const NOT_FOUND: ReadonlySet<number> = new Set([FAULT.GENERIC, FAULT.TAG, FAULT.BUILD]);

export function faultFailure(fault: XmlRpcFault, { name, server }: KojiProfile, method: string): ComposeFailure {
  const { faultCode: code } = fault;
  const reason = exceptionOf(fault.faultString);
  const hub = `Koji (${name}) at ${server}`;
  if (OFFLINE.has(code)) return failure('UPSTREAM_UNAVAILABLE', `${hub} is offline: ${reason}. Try again later.`);
  if (LOGIN_NEEDED.has(code))
    return failure(
      'UPSTREAM_UNAVAILABLE',
      `${hub} does not allow ${method} without a login: ${reason}. Ask the operators of this service for a hub that can be read.`,
    );
  if (isUnknownMethod(fault) || UNKNOWN_CALL.has(code))
    return failure(
      'UPSTREAM_UNAVAILABLE',
      `${hub} does not support ${method}: ${reason}. Ask the operators of this service for a newer hub.`,
    );
  if (NOT_FOUND.has(code)) return failure('INVALID_SOURCE', `Koji (${name}): ${reason}`);
  return failure('UPSTREAM_UNAVAILABLE', `${hub} failed while it answered ${method}. Try again later.`, reason);
}

export function isUnknownMethod({ faultCode, faultString }: XmlRpcFault): boolean {
  return faultCode === FAULT.GENERIC && /^Invalid method: /m.test(faultString);
}

/** The last line: a hub in debug mode answers a whole traceback, which ends with the exception. */
function exceptionOf(text: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return redactLine(line.replace(/^koji\.\w+Error: /, '').slice(0, 500));
}
