// What statements go through: MikroORM's EntityManager, and its Kysely typed by the entities.

import type { MikroORM } from '@mikro-orm/core';
import type { EntityManager, InferKyselyDB, PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { ENTITIES } from './entities.ts';

export type Tables = InferKyselyDB<(typeof ENTITIES)[number]>;
export type Orm = MikroORM<PostgreSqlDriver, EntityManager, typeof ENTITIES>;
/** Runs statements in one transaction, or outside of any. */
export type Em = Orm['em'];
