// Relay's connections. Each is a class of getters over one page that was read, so that edges and nodes say the same
// and what nobody selects is never worked out.

import { Field, Int, ObjectType } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { PackageRecord } from '../../app/ports.ts';
import { ComposeObject } from './compose.ts';
import { ComposeEventType, type ComposeEventView } from './compose-event.ts';
import { PackageType } from './package.ts';
import { EventCursor } from './scalars.ts';

@ObjectType('PageInfo', { simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage: boolean;

  @Field(() => Boolean)
  hasPreviousPage: boolean;

  @Field(() => String, { nullable: true })
  startCursor: string | null;

  @Field(() => String, { nullable: true })
  endCursor: string | null;
}

@ObjectType('ComposeEdge', { simpleResolvers: true })
export class ComposeEdge {
  @Field(() => String)
  cursor: string;

  @Field(() => ComposeObject)
  node: Compose;
}

@ObjectType('ComposeConnection', { simpleResolvers: true })
export class ComposeConnection {
  @Field(() => [ComposeEdge])
  edges: readonly ComposeEdge[];

  @Field(() => [ComposeObject])
  nodes: readonly Compose[];

  @Field(() => PageInfo)
  pageInfo: PageInfo;

  @Field(() => EventCursor, {
    description: 'Subscribe with `after: asOf` to miss nothing that happened since this page was read.',
  })
  asOf: string;

  @Field(() => Int, {
    description:
      'Counted only when asked for; an estimate (`totalCountIsEstimate`) where counting would read too much.',
  })
  totalCount: number | (() => Promise<number>);

  @Field(() => Boolean)
  totalCountIsEstimate: boolean | (() => Promise<boolean>);
}

@ObjectType('ComposeEventEdge', { simpleResolvers: true })
export class ComposeEventEdge {
  @Field(() => EventCursor)
  cursor: string;

  @Field(() => ComposeEventType)
  node: ComposeEventView;
}

@ObjectType('ComposeEventConnection', { simpleResolvers: true })
export class ComposeEventConnection {
  @Field(() => [ComposeEventEdge])
  edges: readonly ComposeEventEdge[];

  @Field(() => [ComposeEventType])
  nodes: readonly ComposeEventView[];

  @Field(() => PageInfo)
  pageInfo: PageInfo;
}

@ObjectType('PackageEdge', { simpleResolvers: true })
export class PackageEdge {
  @Field(() => String)
  cursor: string;

  @Field(() => PackageType)
  node: PackageRecord;
}

@ObjectType('PackageConnection', { simpleResolvers: true })
export class PackageConnection {
  @Field(() => [PackageEdge])
  edges: readonly PackageEdge[];

  @Field(() => [PackageType])
  nodes: readonly PackageRecord[];

  @Field(() => PageInfo)
  pageInfo: PageInfo;

  @Field(() => Int)
  totalCount: number | (() => Promise<number>);
}
