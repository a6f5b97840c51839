// An authentication method: finds out who sent a request. HTTP requests and WebSocket upgrades look the same to it.

import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome } from '../compose/refusal.ts';
import type { Permissions, Viewer } from '../compose/viewer.ts';

export interface AuthRequest {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}

export interface Authenticator {
  /** Null when the request has no credentials of this method. Refuses with UNAUTHENTICATED when they are not valid. */
  authenticate(request: AuthRequest): Promise<Outcome<Viewer> | null>;
  /** Ends its connections and timers. */
  close?(): Promise<void>;
}

/** The values that the configuration lets requests name. */
export type ConfiguredLists = Pick<Permissions, 'arches' | 'targetDirs' | 'rawConfigs'>;
