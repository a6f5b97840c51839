// The packages of published composes.

import { defineEntity, p } from '@mikro-orm/core';
import type { PackageRecord } from '../../app/ports.ts';

export const ComposePackageEntity = defineEntity({
  name: 'ComposePackage',
  tableName: 'compose_package',
  properties: {
    composeId: p.bigint('string').primary(),
    path: p.text().primary(),
    nevra: p.text(),
    name: p.text(),
    arch: p.text(),
    sourceNevra: p.text().strictNullable(),
    sigkey: p.text().strictNullable(),
    sizeBytes: p.bigint('string').strictNullable(),
    treeArch: p.text(),
    category: p.text().$type<PackageRecord['category']>(),
  },
});
