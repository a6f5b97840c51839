// Certificate, key and CA of the configuration: what is wrong with them is told at the start, not at the first question.

import { createSecureContext } from 'node:tls';

export interface TlsFiles {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** PEM texts. Null where they can be used. */
export function tlsProblem(tls: TlsFiles): string | null {
  if ((tls.cert === undefined) !== (tls.key === undefined))
    return 'certFile and keyFile belong together: name both, or none';
  try {
    createSecureContext(tls);
    return null;
  } catch (error) {
    return `certFile, keyFile or caFile cannot be used (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
  }
}
