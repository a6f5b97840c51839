// A package in a compose, as its table holds it.

import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType('Package', { simpleResolvers: true, description: 'A package, or source package, in a compose.' })
export class PackageType {
  @Field(() => String)
  nevra: string;

  @Field(() => String)
  name: string;

  @Field(() => String)
  arch: string;

  @Field(() => String, { nullable: true })
  sourceNevra: string | null;

  @Field(() => String, { nullable: true })
  sigkey: string | null;

  @Field(() => String, { description: 'Below `compose/` of the compose.' })
  path: string;

  @Field(() => Float, { nullable: true })
  sizeBytes: number | null;
}
