// Optional parts of a source that not every engine supports.

import type { ComposeSource } from './descriptors.ts';

export const SOURCE_ADDITIONS = ['scratchBuildTasks', 'modularTags', 'moduleDefaults'] as const;
export type SourceAddition = (typeof SOURCE_ADDITIONS)[number];

/** The additions that a source uses. */
export function additionsOf(source: ComposeSource): readonly SourceAddition[] {
  const fields: Partial<Record<SourceAddition, unknown>> & object = source;
  return SOURCE_ADDITIONS.filter((name) => {
    const value = fields[name] ?? [];
    return !Array.isArray(value) || value.length > 0;
  });
}
