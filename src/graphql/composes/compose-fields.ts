// Fields of a compose that are not in its row: read for a whole page at once, or computed.

import { Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { ComposeProgress } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { Pin } from '../../compose/pin.ts';
import type { OperationContext } from '../context.ts';
import type { ComposeView } from '../types/compose-event.ts';
import { ComposeProgressType } from '../types/compose-progress.ts';
import { ComposeObject } from '../types/compose.ts';
import { PinType } from '../types/pin.ts';
import { SourceTypeEnum } from '../types/enums.ts';
import { DateTime } from '../types/scalars.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';

@Resolver(() => ComposeObject)
export class ComposeFields {
  @FieldResolver(() => SourceTypeEnum, { description: 'The type of `source`.' })
  sourceType(@Root() { source }: Compose): SourceType {
    return source.type;
  }

  @FieldResolver(() => ComposeProgressType, {
    nullable: true,
    description:
      'The progress of the latest attempt; for a compose that shares, while it is GENERATING, that of the shared compose. Null before the first attempt.',
  })
  progress(
    @Root() compose: ComposeView,
    @Ctx() { loaders }: OperationContext,
  ): Promise<ComposeProgress | null> | ComposeProgress | null {
    if (compose.knownProgress) return compose.knownProgress;
    if (compose.reuses !== null) return compose.state === 'GENERATING' ? loaders.progress.load(compose.reuses) : null;
    return compose.attempt === 0 ? null : attemptProgress(compose, loaders);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'The position in the queue, counted from 1; null unless the compose is WAIT.',
  })
  queuePosition(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<number | null> | null {
    return compose.state === 'WAIT' ? loaders.queuePositions.load(compose.id) : null;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description:
      'When the compose will be DONE, estimated from earlier composes like it and, for WAIT, from its position in the queue. Null in other states than WAIT and GENERATING, and without such composes.',
  })
  async estimatedDoneAt(@Root() compose: Compose, @Ctx() { api, loaders }: OperationContext): Promise<Date | null> {
    if (compose.state === 'WAIT') return api.estimate(compose, await loaders.queuePositions.load(compose.id));
    if (compose.state !== 'GENERATING') return null;
    return api.estimate(await loaders.generators.load(compose), null);
  }

  @FieldResolver(() => ComposeObject, {
    nullable: true,
    description: 'The compose whose result this one shares; null when it has its own.',
  })
  reuses(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<Compose | null> | null {
    return compose.reuses === null ? null : loaders.composes.load(compose.reuses);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'The id that Pungi and productmd know the compose by, for example `odcs-42-1-20261122.t.0`; for a compose that shares, that of the shared compose. Null before it is reserved.',
  })
  async pungiComposeId(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<string | null> {
    return (await loaders.generators.load(compose)).pungiComposeId;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'The complete Pungi configuration that was used. For composes of raw configurations with compose type `PRODUCTION` or `DEVELOPMENT`; null for all others.',
  })
  async pungiConfigDump(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<string | null> {
    return (await loaders.generators.load(compose)).pungiConfigDump;
  }

  @FieldResolver(() => [PinType], {
    description: 'The pins that keep the compose, ordered by name; none once it is REMOVED.',
  })
  pins(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<readonly Pin[]> | readonly Pin[] {
    return compose.state === 'REMOVED' ? [] : loaders.pins.load(compose.id);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The URL of the directory of the results; null unless they are served.',
  })
  toplevelUrl(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null {
    return api.urls(compose)?.toplevel ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'The URL of the directory above the arches: repositories are at `<resultRepo>/<arch>/os`. Null unless the results are served, and for raw configurations.',
  })
  resultRepo(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null {
    return api.urls(compose)?.repository ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The URL of the .repo file; null unless the results are served, and for raw configurations.',
  })
  resultRepofile(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null {
    return api.urls(compose)?.repofile ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'The text of the .repo file, for /etc/yum.repos.d; null unless the results are served, and for raw configurations.',
  })
  repofile(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null | Promise<string | null> {
    return api.repoFile(compose);
  }
}

async function attemptProgress(
  compose: Compose,
  loaders: OperationContext['loaders'],
): Promise<ComposeProgress | null> {
  const progress = await loaders.progress.load(compose.id);
  return progress?.attempt === compose.attempt ? progress : null;
}
