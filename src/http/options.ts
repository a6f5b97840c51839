// What the HTTP service is made from, and its limits.

import type { Api } from '../app/api.ts';
import type { Logger } from '../app/ports.ts';
import type { Authentication } from '../auth/registry.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The URL that clients use. Pages of its origin may open WebSockets. */
  readonly publicUrl?: string | undefined;
  readonly api: Api;
  readonly auth: Authentication;
  readonly logger: Logger;
  /** Target directories by name. The published composes in them are served. */
  readonly targetDirs: Readonly<Record<string, string>>;
  /** The result of each check by its name: true, or what is wrong. */
  readonly readiness: () => Promise<Readonly<Record<string, true | string>>>;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** WebSockets at a time. */
  readonly sockets: number;
  readonly subscriptionsPerSocket: number;
  /** Time for a client to authenticate after it opened a WebSocket. */
  readonly connectionInitMs: number;
  /** Time for clients to disconnect when the service stops; then their connections are closed. */
  readonly stopMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  sockets: 20_000,
  subscriptionsPerSocket: 100,
  connectionInitMs: 10_000,
  stopMs: 5_000,
};
