// Which pool of workers takes which composes.

import { z } from 'zod';
import type { Route } from '../compose/routing.ts';
import { COMPOSE_TYPES } from '../compose/vocabulary.ts';
import { keysOf, structure } from './setting.ts';
import { SOURCE_TYPES } from '../compose/sources/descriptors.ts';

export const poolSchema = z
  .string()
  .max(50)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);

const route = z.strictObject({
  pool: poolSchema.describe('The pool that takes composes of this route. Required.'),
  sourceTypes: z
    .array(z.enum(SOURCE_TYPES))
    .min(1)
    .optional()
    .describe(`Source types: ${SOURCE_TYPES.join(', ')}. Without it, all.`),
  arches: z.array(z.string()).min(1).optional().describe('Arches. All arches of the compose must be among them.'),
  composeTypes: z
    .array(z.enum(COMPOSE_TYPES))
    .min(1)
    .optional()
    .describe(`Compose types: ${COMPOSE_TYPES.join(', ')}. Without it, all.`),
  targetDirs: z.array(z.string()).min(1).optional().describe('Names of target directories. Without it, all.'),
});

export const routesKind = structure<readonly Route[]>(
  z.array(route),
  'a list of mappings with pool and any of sourceTypes, arches, composeTypes, targetDirs',
  keysOf(route),
);
