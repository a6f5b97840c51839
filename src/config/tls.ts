// Checks certificate, key and CA when the configuration is loaded, before the first request needs them.

import { createSecureContext } from 'node:tls';

interface TlsFiles {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** What is wrong with the PEM texts; null if nothing is. */
export function tlsProblem(tls: TlsFiles): string | null {
  if ((tls.cert === undefined) !== (tls.key === undefined)) return 'certFile needs keyFile, and keyFile needs certFile';
  try {
    createSecureContext(tls);
    return null;
  } catch (error) {
    return `certFile, keyFile or caFile cannot be used (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
  }
}
