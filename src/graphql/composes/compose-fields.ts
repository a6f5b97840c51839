// What of a compose is not in its row: looked up for a whole page at once, or worked out.

import { Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { ComposeProgress } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { Pin } from '../../compose/pin.ts';
import type { SourceType } from '../../compose/vocabulary.ts';
import type { OperationContext } from '../context.ts';
import type { ComposeView } from '../types/compose-event.ts';
import { ComposeObject, ComposeProgressType } from '../types/compose.ts';
import { PinType } from '../types/pin.ts';
import { SourceTypeEnum } from '../types/enums.ts';
import { DateTime } from '../types/scalars.ts';

@Resolver(() => ComposeObject)
export class ComposeFields {
  @FieldResolver(() => SourceTypeEnum)
  sourceType(@Root() { source }: Compose): SourceType {
    return source.type;
  }

  @FieldResolver(() => ComposeProgressType, {
    nullable: true,
    description: 'Of the latest attempt; of the compose it shares, where it does.',
  })
  progress(
    @Root() compose: ComposeView,
    @Ctx() { loaders }: OperationContext,
  ): Promise<ComposeProgress | null> | ComposeProgress | null {
    if (compose.knownProgress) return compose.knownProgress;
    if (compose.reuses !== null) return compose.state === 'GENERATING' ? loaders.progress.load(compose.reuses) : null;
    return compose.attempt === 0 ? null : attemptProgress(compose, loaders);
  }

  @FieldResolver(() => Int, { nullable: true, description: '1 = next; null unless WAIT.' })
  queuePosition(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<number | null> | null {
    return compose.state === 'WAIT' ? loaders.queuePositions.load(compose.id) : null;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description:
      'From the times that like composes took and, while it waits, its place in the queue; null while there is no history.',
  })
  async estimatedDoneAt(@Root() compose: Compose, @Ctx() { api, loaders }: OperationContext): Promise<Date | null> {
    if (compose.state === 'WAIT') return api.estimate(compose, await loaders.queuePositions.load(compose.id));
    if (compose.state !== 'GENERATING') return null;
    const root = compose.reuses === null ? compose : await loaders.reused.load(compose.reuses);
    return root && api.estimate(root, null);
  }

  @FieldResolver(() => ComposeObject, { nullable: true, description: 'The compose whose result this one shares.' })
  reuses(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<Compose | null> | null {
    return compose.reuses === null ? null : loaders.composes.load(compose.reuses);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'e.g. `odcs-42-1-20261122.t.0`; of the compose it shares, where it does.',
  })
  async pungiComposeId(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<string | null> {
    return (await generated(compose, loaders)).pungiComposeId;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The whole Pungi configuration; for PRODUCTION and DEVELOPMENT raw-config composes only.',
  })
  async pungiConfigDump(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<string | null> {
    return (await generated(compose, loaders)).pungiConfigDump;
  }

  @FieldResolver(() => [PinType], { description: 'Why it is kept past its expiry, by name.' })
  pins(@Root() compose: Compose, @Ctx() { loaders }: OperationContext): Promise<readonly Pin[]> | readonly Pin[] {
    return compose.state === 'REMOVED' ? [] : loaders.pins.load(compose.id);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The top URL of the results; null unless they are served.',
  })
  toplevelUrl(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null {
    return api.results.urls(compose)?.toplevel ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'The URL of the repositories, above the arches.' })
  resultRepo(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null {
    return api.results.urls(compose)?.repository ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'The URL of the .repo file.' })
  resultRepofile(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null {
    return api.results.urls(compose)?.repofile ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The text of the .repo file, ready for /etc/yum.repos.d.',
  })
  repofile(@Root() compose: Compose, @Ctx() { api }: OperationContext): string | null | Promise<string | null> {
    return api.results.repoFile(compose);
  }
}

async function generated(compose: Compose, loaders: OperationContext['loaders']): Promise<Compose> {
  return compose.reuses === null ? compose : ((await loaders.reused.load(compose.reuses)) ?? compose);
}

async function attemptProgress(
  compose: Compose,
  loaders: OperationContext['loaders'],
): Promise<ComposeProgress | null> {
  const progress = await loaders.progress.load(compose.id);
  return progress?.attempt === compose.attempt ? progress : null;
}
