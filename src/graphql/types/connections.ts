// Relay's connections (https://relay.dev/graphql/connections.htm): a page of a list, as edges and as nodes. Totals are
// functions, so that nothing is counted unless a client selects the total.

import { Field, Int, ObjectType } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { PackageRecord } from '../../app/ports.ts';
import { ComposeObject } from './compose.ts';
import { ComposeEventType, type ComposeEventView } from './compose-event.ts';
import { PackageType } from './package.ts';
import { EventCursor } from './scalars.ts';

const simple = { simpleResolvers: true } as const;

@ObjectType('PageInfo', { ...simple, description: 'Where a page is within its list, as Relay defines it.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'True when the list continues after this page.' })
  hasNextPage: boolean;

  @Field(() => Boolean, { description: 'True when the list has items before this page.' })
  hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first item; null for an empty page.' })
  startCursor: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last item, to pass as `after` for the next page; null for an empty page.',
  })
  endCursor: string | null;
}

@ObjectType('ComposeEdge', { ...simple, description: 'A compose and its place in a list.' })
class ComposeEdge {
  @Field(() => String, {
    description: 'The place in the list, to pass as `after` or `before`. Valid for the same `orderBy.field` only.',
  })
  cursor: string;

  @Field(() => ComposeObject, { description: 'The item: the compose as it is now.' })
  node: Compose;
}

@ObjectType('ComposeConnection', { ...simple, description: 'A page of a list of composes.' })
export class ComposeConnection {
  @Field(() => [ComposeEdge], { description: 'The composes of the page, each with its cursor.' })
  edges: readonly ComposeEdge[];

  @Field(() => [ComposeObject], { description: 'The composes of the page, without cursors.' })
  nodes: readonly Compose[];

  @Field(() => PageInfo, { description: 'Where the page is within the list.' })
  pageInfo: PageInfo;

  @Field(() => EventCursor, {
    description:
      'The position of the event stream before the page was read. Pass it to a subscription as `after` to receive every change since.',
  })
  asOf: string;

  @Field(() => Int, {
    description:
      'The number of composes that match the filter. Exact up to 50,000; above that an estimate, and `totalCountIsEstimate` is true.',
  })
  totalCount: number | (() => Promise<number>);

  @Field(() => Boolean, { description: 'True when `totalCount` is an estimate.' })
  totalCountIsEstimate: boolean | (() => Promise<boolean>);
}

@ObjectType('ComposeEventEdge', { ...simple, description: 'An event and its place in the event stream.' })
class ComposeEventEdge {
  @Field(() => EventCursor, { description: 'The position of the event, to pass as `after`.' })
  cursor: string;

  @Field(() => ComposeEventType, { description: 'The item: an event of any compose that the list selects.' })
  node: ComposeEventView;
}

@ObjectType('ComposeEventConnection', {
  ...simple,
  description: 'A page of a list of events, in the order of commits.',
})
export class ComposeEventConnection {
  @Field(() => [ComposeEventEdge], { description: 'The events of the page, each with its cursor.' })
  edges: readonly ComposeEventEdge[];

  @Field(() => [ComposeEventType], { description: 'The events of the page, without cursors.' })
  nodes: readonly ComposeEventView[];

  @Field(() => PageInfo, { description: 'Where the page is within the list.' })
  pageInfo: PageInfo;
}

@ObjectType('PackageEdge', { ...simple, description: 'A package and its place in a list.' })
class PackageEdge {
  @Field(() => String, { description: 'The place in the list, to pass as `after`.' })
  cursor: string;

  @Field(() => PackageType, { description: 'The item: one RPM file of the compose.' })
  node: PackageRecord;
}

@ObjectType('PackageConnection', { ...simple, description: 'A page of a list of packages, ordered by path.' })
export class PackageConnection {
  @Field(() => [PackageEdge], { description: 'The packages of the page, each with its cursor.' })
  edges: readonly PackageEdge[];

  @Field(() => [PackageType], { description: 'The packages of the page, without cursors.' })
  nodes: readonly PackageRecord[];

  @Field(() => PageInfo, { description: 'Where the page is within the list.' })
  pageInfo: PageInfo;

  @Field(() => Int, { description: 'The exact number of packages that match. Counted only when it is selected.' })
  totalCount: number | (() => Promise<number>);
}
