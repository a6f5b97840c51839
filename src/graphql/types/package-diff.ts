// What differs between the packages of two composes.

import { Field, ObjectType } from 'type-graphql';
import { PackageType } from './package.ts';

@ObjectType('PackageChange', {
  simpleResolvers: true,
  description: 'A package that both composes have, in different versions.',
})
export class PackageChangeType {
  @Field(() => String)
  name: string;

  @Field(() => String)
  arch: string;

  @Field(() => String, { nullable: true, description: '`[epoch:]version-release`; no epoch where it is 0.' })
  from: string | null;

  @Field(() => String, { nullable: true })
  to: string | null;
}

@ObjectType('ComposeDiff', {
  simpleResolvers: true,
  description:
    'Binary packages of all trees, each known by name and arch, in this order; source and debug packages do not count, nor in which trees a package is. Versions are compared as rpm does. Where one of the composes has several versions of a package, what both have is left out, the newest of the rest is compared, and all others are added or removed.',
})
export class ComposeDiffType {
  @Field(() => [PackageType])
  added: readonly PackageType[];

  @Field(() => [PackageType])
  removed: readonly PackageType[];

  @Field(() => [PackageChangeType])
  upgraded: readonly PackageChangeType[];

  @Field(() => [PackageChangeType])
  downgraded: readonly PackageChangeType[];
}
