// Who is asking, and what they may ask for. Backends in auth/ make one of each request; use cases decide by it.

import type { ReadPolicy } from './read-policy.ts';
import type { ComposeFlag, ComposeResult, ComposeType } from './vocabulary.ts';
import type { SourceType } from './sources/descriptors.ts';

export interface Viewer {
  readonly name: string;
  readonly groups: readonly string[];
  /** May remove and cancel what others own. */
  readonly isAdmin: boolean;
  readonly may: Permissions;
  readonly mayRead: ReadPolicy;
}

/** Everything that a request of this viewer may name; what is not listed is FORBIDDEN. */
export interface Permissions {
  readonly sourceTypes: readonly SourceType[];
  readonly flags: readonly ComposeFlag[];
  readonly results: readonly ComposeResult[];
  readonly arches: readonly string[];
  readonly composeTypes: readonly ComposeType[];
  readonly targetDirs: readonly string[];
  readonly rawConfigs: readonly string[];
}

/** Equal for viewers who get the same answers to the same question, whatever they are called. */
export function rightsKey(viewer: Viewer): string {
  return JSON.stringify([viewer.isAdmin, viewer.groups, viewer.may, viewer.mayRead]);
}
