// What happened to composes. A trigger assigns `position` when the transaction commits.

import { defineEntity, p } from '@mikro-orm/core';
import type { ComposeSnapshot } from '../../compose/compose.ts';
import type { ComposeEventKind, ComposeState } from '../../compose/vocabulary.ts';
import { instant } from './instant.ts';

export const ComposeEventEntity = defineEntity({
  name: 'ComposeEvent',
  tableName: 'compose_event',
  properties: {
    composeId: p.bigint('string').primary(),
    seq: p.integer().primary(),
    position: p.bigint('string').strictNullable(),
    kind: p.text().$type<ComposeEventKind>(),
    at: instant(),
    fromState: p.text().$type<ComposeState>().strictNullable(),
    toState: p.text().$type<ComposeState>().strictNullable(),
    by: p.text(),
    reason: p.text().strictNullable(),
    snapshot: p.json<ComposeSnapshot>(),
  },
});
