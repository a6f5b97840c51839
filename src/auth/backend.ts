// The seam for real authentication: a backend turns a request into who is asking. HTTP requests and the upgrade
// requests of WebSockets look the same from here.

import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';

export interface AuthRequest {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}

export interface AuthBackend {
  /** As `about.authBackends` tells it. */
  readonly name: string;
  /** Refuses with UNAUTHENTICATED where the request does not show who asks. */
  authenticate(request: AuthRequest): Promise<Outcome<Viewer>>;
}
