// The changes between the packages of two composes. Fields of ComposeDiff are functions, so that only those are read that
// a client selects.

import { Field, Int, ObjectType } from 'type-graphql';
import type { ComparedComposes } from '../../app/diff-composes.ts';
import type { PackageChangeKind } from '../../compose/package-diff.ts';
import { PageInfo } from './connections.ts';
import { PackageChangeKindEnum } from './enums.ts';
import { PackageType } from './package.ts';

const simple = { simpleResolvers: true } as const;

const LIMIT =
  'The four lists have the first 5,000 changes together; `counts` has the exact numbers, and `changes` has all.';

@ObjectType('PackageChange', {
  ...simple,
  description: 'A package that only one of two composes has, or that they have in different versions.',
})
class PackageChangeType {
  @Field(() => PackageChangeKindEnum, { description: 'What changed.' })
  kind: PackageChangeKind;

  @Field(() => String, { description: 'The name of the package.' })
  name: string;

  @Field(() => String, { description: 'The arch of the package.' })
  arch: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The version in the compose `from`, as `[epoch:]version-release`, without an epoch of 0; null for `ADDED`.',
  })
  from: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The version in the compose `to`, as `[epoch:]version-release`, without an epoch of 0; null for `REMOVED`.',
  })
  to: string | null;
}

@ObjectType('PackageChangeEdge', { ...simple, description: 'A change of a package and its place in a list.' })
class PackageChangeEdge {
  @Field(() => String, { description: 'The place in the list, to pass as `after`.' })
  cursor: string;

  @Field(() => PackageChangeType, { description: 'The change.' })
  node: PackageChangeType;
}

@ObjectType('PackageChangeConnection', {
  ...simple,
  description: 'A page of a list of changes of packages, ordered by name and arch.',
})
export class PackageChangeConnection {
  @Field(() => [PackageChangeEdge], { description: 'The changes of the page, each with its cursor.' })
  edges: readonly PackageChangeEdge[];

  @Field(() => [PackageChangeType], { description: 'The changes of the page, without cursors.' })
  nodes: readonly PackageChangeType[];

  @Field(() => PageInfo, { description: 'Where the page is within the list.' })
  pageInfo: PageInfo;

  @Field(() => Int, { description: 'The exact number of changes that match. Counted only when it is selected.' })
  totalCount: number | (() => Promise<number>);
}

@ObjectType('ComposeDiffCounts', {
  ...simple,
  description: 'The exact number of changes of each kind, without a limit.',
})
class ComposeDiffCounts {
  @Field(() => Int, { description: 'The number of `ADDED` changes.' })
  added: number;

  @Field(() => Int, { description: 'The number of `REMOVED` changes.' })
  removed: number;

  @Field(() => Int, { description: 'The number of `UPGRADED` changes.' })
  upgraded: number;

  @Field(() => Int, { description: 'The number of `DOWNGRADED` changes.' })
  downgraded: number;
}

@ObjectType('ComposeDiff', {
  ...simple,
  description:
    'The changes between the binary packages of two composes, ordered by name and arch. Source and debug packages, and the trees that packages are in, are not compared. Versions are compared as rpm does. When a compose has several versions of a package, versions that both have are ignored, the newest of the others are compared, and the rest count as added or removed.',
})
export class ComposeDiffType {
  readonly composes: ComparedComposes;

  @Field(() => ComposeDiffCounts, { description: 'The exact number of changes of each kind.' })
  counts: () => Promise<ComposeDiffCounts>;

  @Field(() => [PackageType], { description: `Packages that only the compose \`to\` has. ${LIMIT}` })
  added: () => Promise<readonly PackageType[]>;

  @Field(() => [PackageType], { description: `Packages that only the compose \`from\` has. ${LIMIT}` })
  removed: () => Promise<readonly PackageType[]>;

  @Field(() => [PackageChangeType], {
    description: `Packages with a newer version in the compose \`to\`. ${LIMIT}`,
  })
  upgraded: () => Promise<readonly PackageChangeType[]>;

  @Field(() => [PackageChangeType], {
    description: `Packages with an older version in the compose \`to\`. ${LIMIT}`,
  })
  downgraded: () => Promise<readonly PackageChangeType[]>;
}
