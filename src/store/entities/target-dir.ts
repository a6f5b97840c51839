// Target directories, and when a process last had each in its configuration.

import { defineEntity, p } from '@mikro-orm/core';
import { instant } from './instant.ts';

export const TargetDirEntity = defineEntity({
  name: 'TargetDir',
  tableName: 'target_dir',
  properties: {
    name: p.text().primary(),
    knownAt: instant().defaultRaw('clock_timestamp()'),
    missingSince: instant().strictNullable(),
  },
});
