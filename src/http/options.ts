// What the HTTP service is made of, and its bounds.

import type { AuthBackend } from '../auth/backend.ts';
import type { Logger } from '../app/ports.ts';
import type { Api } from '../app/api.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What clients know the service by; requests from pages of its origin are trusted. */
  readonly publicUrl?: string | undefined;
  readonly api: Api;
  readonly auth: AuthBackend;
  readonly logger: Logger;
  /** Target directories by name; what is published in any of them is served. */
  readonly targetDirs: Readonly<Record<string, string>>;
  /** By what is looked at: true, or what is wrong with it. */
  readonly readiness: () => Promise<Readonly<Record<string, true | string>>>;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly sockets: number;
  readonly subscriptionsPerSocket: number;
  readonly connectionInitMs: number;
  /** How long stopping waits for clients before it cuts them off. */
  readonly stopMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  sockets: 20_000,
  subscriptionsPerSocket: 100,
  connectionInitMs: 10_000,
  stopMs: 5_000,
};
