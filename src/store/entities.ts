// Every table of the application. pg-boss describes its own in its own schema.

import { ComposeEntity } from './entities/compose.ts';
import { ComposeEventEntity } from './entities/compose-event.ts';
import { ComposePackageEntity } from './entities/compose-package.ts';
import { ComposeProgressEntity } from './entities/compose-progress.ts';
import { IdempotencyEntity } from './entities/idempotency.ts';
import { InstanceEntity } from './entities/instance.ts';
import { KojiEventEntity } from './entities/koji-event.ts';
import { PinEntity } from './entities/pin.ts';
import { ProcessGroupEntity } from './entities/process-group.ts';
import { QueueEntryEntity } from './entities/queue-entry.ts';
import { QueueLaneEntity } from './entities/queue-lane.ts';
import { QueueOwnerEntity } from './entities/queue-owner.ts';
import { TargetDirEntity } from './entities/target-dir.ts';
import { WorkerEntity } from './entities/worker.ts';

export const ENTITIES = [
  InstanceEntity,
  ComposeEntity,
  ComposeEventEntity,
  ComposeProgressEntity,
  ComposePackageEntity,
  IdempotencyEntity,
  PinEntity,
  KojiEventEntity,
  TargetDirEntity,
  WorkerEntity,
  ProcessGroupEntity,
  QueueEntryEntity,
  QueueOwnerEntity,
  QueueLaneEntity,
] as const;
