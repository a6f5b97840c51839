// The differences between the packages of two composes.

import { Field, ObjectType } from 'type-graphql';
import { PackageType } from './package.ts';

@ObjectType('PackageChange', {
  simpleResolvers: true,
  description: 'A package that both composes have, in different versions.',
})
export class PackageChangeType {
  @Field(() => String, { description: 'The name of the package.' })
  name: string;

  @Field(() => String, { description: 'The arch of the package.' })
  arch: string;

  @Field(() => String, {
    nullable: true,
    description: 'The version in the compose `from`, as `[epoch:]version-release`, without an epoch of 0.',
  })
  from: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The version in the compose `to`, as `[epoch:]version-release`, without an epoch of 0.',
  })
  to: string | null;
}

@ObjectType('ComposeDiff', {
  simpleResolvers: true,
  description:
    'The differences between the binary packages of two composes, ordered by name and arch. Source and debug packages, and the trees that packages are in, are not compared. Versions are compared as rpm does. When a compose has several versions of a package, versions that both have are ignored, the newest of the others are compared, and the rest count as added or removed.',
})
export class ComposeDiffType {
  @Field(() => [PackageType], { description: 'Packages that only the compose `to` has.' })
  added: readonly PackageType[];

  @Field(() => [PackageType], { description: 'Packages that only the compose `from` has.' })
  removed: readonly PackageType[];

  @Field(() => [PackageChangeType], { description: 'Packages with a higher version in the compose `to`.' })
  upgraded: readonly PackageChangeType[];

  @Field(() => [PackageChangeType], { description: 'Packages with a lower version in the compose `to`.' })
  downgraded: readonly PackageChangeType[];
}
