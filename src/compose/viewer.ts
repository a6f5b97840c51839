// The viewer of a request: who sends it, and what they may do. auth/ creates it; use cases decide by it.

import type { ReadPolicy } from './read-policy.ts';
import type { ComposeFlag, ComposeResult, ComposeType } from './vocabulary.ts';
import type { SourceType } from './sources/descriptors.ts';

export interface Viewer {
  readonly name: string;
  readonly groups: readonly string[];
  /** An administrator may change the composes of other owners. */
  readonly isAdmin: boolean;
  readonly may: Permissions;
  readonly mayRead: ReadPolicy;
}

/** The values that a request of this viewer may contain; all others are FORBIDDEN. */
export interface Permissions {
  readonly sourceTypes: readonly SourceType[];
  readonly flags: readonly ComposeFlag[];
  readonly results: readonly ComposeResult[];
  readonly arches: readonly string[];
  readonly composeTypes: readonly ComposeType[];
  readonly targetDirs: readonly string[];
  readonly rawConfigs: readonly string[];
}

/** Equal for viewers who get equal answers to equal operations, whatever their names. */
export function rightsKey(viewer: Viewer): string {
  return JSON.stringify([viewer.isAdmin, viewer.groups, viewer.may, viewer.mayRead]);
}
