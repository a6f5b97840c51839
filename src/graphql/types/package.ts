// A package of a compose, as its table holds it.

import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType('Package', { simpleResolvers: true, description: 'A binary, debug or source package (RPM) of a compose.' })
export class PackageType {
  @Field(() => String, {
    description: 'The NEVRA, name-epoch:version-release.arch, always with the epoch: `bash-0:5.3.0-1.fc43.x86_64`.',
  })
  nevra: string;

  @Field(() => String, { description: 'The name of the package: `bash`.' })
  name: string;

  @Field(() => String, {
    description: 'The arch that the package was built for: `x86_64`, `noarch` or, for sources, `src`.',
  })
  arch: string;

  @Field(() => String, {
    nullable: true,
    description: 'The NEVRA of the source package that it was built from; null for a source package.',
  })
  sourceNevra: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The id of the key that the package is signed with, in lower-case hex; null when it is unsigned.',
  })
  sigkey: string | null;

  @Field(() => String, { description: 'The path of the file below `compose/` in the directory of the compose.' })
  path: string;

  @Field(() => Float, { nullable: true, description: 'The size of the file in bytes; null when it is unknown.' })
  sizeBytes: number | null;
}
