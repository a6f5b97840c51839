// What a hub's fault means for a compose. Koji's exceptions have codes of their own (`koji.GenericError` and what derives from
// it, 1000 to 1024); anything else that breaks inside the hub has code 1.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { presentable } from '../../compose/redaction.ts';
import type { KojiProfile } from './koji-profile.ts';
import type { XmlRpcFault } from '../xml-rpc/value.ts';

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

const AUTHENTICATION: ReadonlySet<number> = new Set([
  FAULT.AUTH,
  FAULT.AUTH_LOCK,
  FAULT.AUTH_EXPIRED,
  FAULT.SEQUENCE,
  FAULT.RETRY,
  FAULT.GSSAPI_AUTH,
  FAULT.ACTION_NOT_ALLOWED,
]);
const TOO_OLD: ReadonlySet<number> = new Set([FAULT.PARAMETER, FAULT.FUNCTION_DEPRECATED]);
const ABOUT_THE_QUESTION: ReadonlySet<number> = new Set([FAULT.GENERIC, FAULT.TAG, FAULT.BUILD]);

export function faultFailure(fault: XmlRpcFault, profile: KojiProfile, method: string): ComposeFailure {
  const { faultCode: code } = fault;
  const said = lastLine(fault.faultString);
  const hub = `Koji (${profile.name})`;
  if (code === FAULT.SERVER_OFFLINE || code === FAULT.LOCK)
    return failure('UPSTREAM_UNAVAILABLE', `${hub} is offline: ${said}`);
  if (AUTHENTICATION.has(code))
    return failure('UPSTREAM_UNAVAILABLE', `${hub} does not let us read without logging in: ${said}`);
  if (isUnknownMethod(fault) || TOO_OLD.has(code))
    return failure(
      'UPSTREAM_UNAVAILABLE',
      `${hub} is of a version that does not know the question (${method}): ${said}`,
    );
  // The hub looked, and says that what was asked for is not there; asking again would not change that.
  if (ABOUT_THE_QUESTION.has(code)) return failure('INVALID_SOURCE', `${hub}: ${said}`);
  return failure('UPSTREAM_UNAVAILABLE', `${hub} broke while answering ${method}`, said);
}

export function isUnknownMethod({ faultCode, faultString }: XmlRpcFault): boolean {
  return faultCode === FAULT.GENERIC && /^Invalid method: /m.test(faultString);
}

/** A hub that debugs answers a whole traceback; its last line is the exception. */
function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return presentable(line.replace(/^koji\.\w+Error: /, '').slice(0, 500));
}
