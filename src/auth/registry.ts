// The authentication methods, by the names that the configuration and `about.authBackends` use. A further method is one
// more entry in AUTHENTICATORS.

import { refused, type Outcome } from '../compose/refusal.ts';
import type { Viewer } from '../compose/viewer.ts';
import { anonymousAuthenticator } from './anonymous.ts';
import type { Authenticator, AuthRequest, ConfiguredLists } from './authenticator.ts';

/** The section `auth` of the configuration. A method that has settings adds their types. */
export interface AuthSettings {
  readonly methods: readonly string[];
}

const AUTHENTICATORS: Readonly<Record<string, (configured: ConfiguredLists, settings: AuthSettings) => Authenticator>> =
  {
    noauth: anonymousAuthenticator,
  };

export const AUTH_METHODS: readonly string[] = Object.keys(AUTHENTICATORS);

export interface Authentication {
  /** Who sent a request, or UNAUTHENTICATED. */
  authenticate(request: AuthRequest): Promise<Outcome<Viewer>>;
  close(): Promise<void>;
}

/** The configuration allows AUTH_METHODS only. */
export function authenticationBy(settings: AuthSettings, configured: ConfiguredLists): Authentication {
  return firstOf(
    settings.methods.map((method) => {
      const create = AUTHENTICATORS[method];
      if (!create) throw new Error(`There is no authentication method ${method}`);
      return create(configured, settings);
    }),
  );
}

/** The first authenticator that finds credentials in the request decides. */
export function firstOf(authenticators: readonly Authenticator[]): Authentication {
  return {
    async authenticate(request) {
      for (const authenticator of authenticators) {
        const outcome = await authenticator.authenticate(request);
        if (outcome) return outcome;
      }
      return refused({ code: 'UNAUTHENTICATED', message: 'The request has no credentials that this server accepts' });
    },
    async close() {
      await Promise.all(authenticators.map(async (authenticator) => authenticator.close?.()));
    },
  };
}
