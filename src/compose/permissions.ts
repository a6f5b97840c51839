// Whether a viewer may do what they ask. Reading needs no permission.

import type { Compose } from './compose.ts';
import { refused, type Refusal } from './refusal.ts';
import type { ComposeRequest } from './request.ts';
import type { Viewer } from './viewer.ts';

type Denied = { readonly ok: false; readonly refusal: Refusal };

/** Everything that a request names must be allowed; the answer names what is not. Null: allowed. */
export function denyRequest(viewer: Viewer, request: ComposeRequest): Denied | null {
  const { may } = viewer;
  const asked: [string, readonly string[], readonly string[]][] = [
    ['source type', [request.source.type], may.sourceTypes],
    ['flag', request.flags, may.flags],
    ['result', request.results, may.results],
    ['arch', request.arches, may.arches],
    ['compose type', [request.composeType], may.composeTypes],
    ['target directory', [request.targetDir], may.targetDirs],
    ['raw config', request.source.type === 'RAW_CONFIG' ? [request.source.name] : [], may.rawConfigs],
  ];
  const denied = asked.flatMap(([what, values, allowed]) =>
    values.filter((value) => !allowed.includes(value)).map((value) => `${what} ${value}`),
  );
  return denied.length === 0 ? null : forbidden(`${viewer.name} may not ask for: ${denied.join(', ')}`);
}

/** Cancelling, removing, renewing: admins any, owners their own. */
export function denyChange(viewer: Viewer, compose: Compose, what: string): Denied | null {
  if (viewer.isAdmin || viewer.name === compose.owner) return null;
  return forbidden(`Compose ${compose.id} is ${compose.owner}'s; only they or an administrator may ${what} it`);
}

function forbidden(message: string): Denied {
  return refused({ code: 'FORBIDDEN', message });
}
