// Whether a viewer may send a request or change a compose.

import type { Compose } from './compose.ts';
import { refused, type Refusal } from './refusal.ts';
import type { ComposeRequest } from './request.ts';
import type { Viewer } from './viewer.ts';

type Denied = { readonly ok: false; readonly refusal: Refusal };

/** Null if the viewer may use every value of the request; else the refusal names the values that are not allowed. */
export function denyRequest(viewer: Viewer, request: ComposeRequest): Denied | null {
  const { may } = viewer;
  const requested: [string, readonly string[], readonly string[]][] = [
    ['source type', [request.source.type], may.sourceTypes],
    ['flag', request.flags, may.flags],
    ['result', request.results, may.results],
    ['arch', request.arches, may.arches],
    ['compose type', [request.composeType], may.composeTypes],
    ['target directory', [request.targetDir], may.targetDirs],
    ['raw config', request.source.type === 'RAW_CONFIG' ? [request.source.name] : [], may.rawConfigs],
  ];
  const denied = requested.flatMap(([what, values, allowed]) =>
    values.filter((value) => !allowed.includes(value)).map((value) => `${what} ${value}`),
  );
  return denied.length === 0
    ? null
    : forbidden(
        `${viewer.name} may not request: ${denied.join(', ')}. Leave it out, or ask an administrator for the permission`,
      );
}

/** Administrators may change every compose, owners their own. `what`: the verb, e.g. `renew`. */
export function denyChange(viewer: Viewer, compose: Compose, what: string): Denied | null {
  if (viewer.isAdmin || viewer.name === compose.owner) return null;
  return forbidden(`Only ${compose.owner}, who owns compose ${compose.id}, and administrators may ${what} it`);
}

function forbidden(message: string): Denied {
  return refused({ code: 'FORBIDDEN', message });
}
