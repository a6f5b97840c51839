// The one mapping of transport errors and HTTP statuses to failures. A URL that the request names is the requester's to
// correct; a URL of the configuration is the operators'.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { FORBIDDEN_ADDRESS } from './address-guard.ts';

export interface Problem {
  /** Completes a sentence whose subject is the upstream, e.g. `answered HTTP 503`. */
  readonly what: string;
  readonly code: 'UPSTREAM_UNAVAILABLE' | 'INVALID_SOURCE';
  /** Whether another try may succeed at once. */
  readonly isTransient: boolean;
  /** Null if there was no answer. */
  readonly status: number | null;
  /** What to do about it. */
  readonly advice: string;
  /** The upstream's own words. */
  readonly details?: string;
}

/** A problem as the failure of a compose. */
export interface HttpFailure {
  readonly failure: ComposeFailure;
  readonly isTransient: boolean;
  readonly status: number | null;
}

export interface Timeouts {
  readonly connectMs: number;
  /** Between two pieces of an answer; also bounds the wait for its head. */
  readonly idleMs: number;
  /** For a whole answer, so that a service that drips is given up. */
  readonly totalMs?: number;
}

type ChosenBy = 'request' | 'operators';

const TRY_LATER = 'Try again later.';
const CHECK_URL = 'Check the URL.';
const ASK_OPERATORS = 'Ask the operators of this service to check its configuration.';

const UNTRUSTED = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

export function failureOf(subject: string, problem: Problem, tries = 1): HttpFailure {
  const { code, what, advice, details, isTransient, status } = problem;
  const asked = tries > 1 ? ` It was asked ${tries} times.` : '';
  return { failure: failure(code, `${subject} ${what}.${asked} ${advice}`, details ?? null), isTransient, status };
}

export function transientProblem(what: string, status: number | null = null): Problem {
  return { what, code: 'UPSTREAM_UNAVAILABLE', isTransient: true, status, advice: TRY_LATER };
}

/** The upstream answers, and would answer the same again until its operators or ours change something. */
export function serviceProblem(what: string, status: number | null = null, details = ''): Problem {
  const problem = { what, code: 'UPSTREAM_UNAVAILABLE', isTransient: false, status, advice: ASK_OPERATORS } as const;
  return details === '' ? problem : { ...problem, details };
}

export function requestProblem(what: string, status: number | null = null, advice = CHECK_URL): Problem {
  return { what, code: 'INVALID_SOURCE', isTransient: false, status, advice };
}

/** Of an error before or within the answer, as Node.js, undici or TLS report it. */
export function transportProblem(error: unknown, timeouts: Timeouts, chosenBy: ChosenBy): Problem {
  const code = transportCode(error);
  const timeoutMs = timeoutOf(code, timeouts);
  if (timeoutMs !== null) return transientProblem(`did not answer within ${timeoutMs / 1000} s`);
  if (code === FORBIDDEN_ADDRESS)
    return requestProblem(
      'may not be requested: its host, or one that it redirects to, resolves to a loopback, link-local, private or otherwise reserved address',
    );
  if (UNTRUSTED.has(code)) {
    const what = `has a TLS certificate that cannot be trusted (${code})`;
    return chosenBy === 'request' ? requestProblem(what) : serviceProblem(what);
  }
  if (code === 'ENOTFOUND') {
    const what = 'cannot be reached: there is no host of that name (ENOTFOUND)';
    return chosenBy === 'request' ? requestProblem(what) : { ...serviceProblem(what), isTransient: true };
  }
  if (code === 'ECONNREFUSED') return transientProblem('refused the connection (ECONNREFUSED)');
  return transientProblem(`did not answer, or not completely (${code})`);
}

/** Of a status that is no success. */
export function statusProblem(status: number, chosenBy: ChosenBy, details = ''): Problem {
  if (TRANSIENT_STATUSES.has(status) || (chosenBy === 'request' && status >= 500))
    return { ...transientProblem(`answered HTTP ${status}`, status), ...(details !== '' && { details }) };
  if (chosenBy === 'request')
    return isAbsent(status)
      ? requestProblem(`does not exist (HTTP ${status})`, status)
      : requestProblem(`answered HTTP ${status}`, status);
  if (status >= 300 && status < 400)
    return serviceProblem(
      `redirects (HTTP ${status}), which is not followed: the configuration must name the URL that it redirects to`,
      status,
      details,
    );
  if (status === 401 || status === 403)
    return serviceProblem(
      `refuses the service (HTTP ${status}): the credentials in the configuration may be wrong`,
      status,
      details,
    );
  return serviceProblem(`answered HTTP ${status}`, status, details);
}

export function isAbsent(status: number | null): boolean {
  return status === 404 || status === 410;
}

/** For messages: neither credentials nor a query, which may hold a token. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** The code of the innermost cause. */
function transportCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0]) return transportCode(error.errors[0]);
  const { code, cause, name } = error as { code?: unknown; cause?: unknown; name?: string };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? transportCode(cause) : (name ?? 'unknown error');
}

function timeoutOf(code: string, { connectMs, idleMs, totalMs }: Timeouts): number | null {
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return connectMs;
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return idleMs;
  return code === 'TimeoutError' && totalMs !== undefined ? totalMs : null;
}
