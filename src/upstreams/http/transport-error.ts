// What broke a request on its way, as Node, undici or TLS call it, and whether it may heal.

/** A server that proves to be another, or to be nobody, will not be a better one in a moment. */
const UNTRUSTED = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const PASSING_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The code of what lies at the bottom of it. */
export function transportCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0]) return transportCode(error.errors[0]);
  const { code, cause, name } = error as { code?: unknown; cause?: unknown; name?: string };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? transportCode(cause) : (name ?? 'unknown error');
}

export function isUntrusted(code: string): boolean {
  return UNTRUSTED.has(code);
}

export function isPassingStatus(status: number): boolean {
  return PASSING_STATUSES.has(status);
}
