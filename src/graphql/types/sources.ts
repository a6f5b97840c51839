// The sources as GraphQL types: for each source type `<Name>Source` in answers and `<Name>SourceInput` in requests, made
// from the fields of its descriptor. schema.ts makes ComposeSourceInput @oneOf.

import { createUnionType, Field, InputType, Int, ObjectType } from 'type-graphql';
import type { FieldKind } from '../../compose/sources/descriptor.ts';
import { descriptorOf, SOURCE_DESCRIPTORS, type ComposeSource } from '../../compose/sources/descriptors.ts';
import type { BaseModule, BaseModuleInput } from '../../compose/sources/module.ts';
import { REVISION_MEANING, type ModuleDefaults } from '../../compose/sources/shared-fields.ts';

const simple = { simpleResolvers: true } as const;

@ObjectType('ModuleDefaults', { ...simple, description: 'A commit of a git repository that holds module defaults.' })
class ModuleDefaultsType implements ModuleDefaults {
  @Field(() => String, { description: 'The URL of the git repository.' })
  url: string;

  @Field(() => String, {
    description: 'The commit, branch or tag as requested.',
  })
  commit: string;
}

@InputType('ModuleDefaultsInput', { description: 'A commit of a git repository that holds module defaults.' })
class ModuleDefaultsInputType implements ModuleDefaults {
  @Field(() => String, { description: 'The http(s) URL of the git repository. The server may restrict it.' })
  url: string;

  @Field(() => String, { description: REVISION_MEANING })
  commit: string;
}

@ObjectType('BaseModule', {
  ...simple,
  description: 'The base module (platform) that modules must be built on, as it restricts the search in MBS.',
})
class BaseModuleType implements BaseModule {
  @Field(() => String, { description: 'The name of the base module, for example `platform`.' })
  name: string;

  @Field(() => String, { nullable: true, description: 'The stream, for example `el9`; null for any.' })
  stream: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The lowest stream version, as the number that MBS makes of it (`el9.4.0` is 90400); null for no bound.',
  })
  streamVersionGte: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The highest stream version, as the number that MBS makes of it; null for no bound.',
  })
  streamVersionLte: number | null;
}

@InputType('BaseModuleInput', {
  description: 'Restricts the search in MBS to modules that are built on this base module.',
})
class BaseModuleInputType implements BaseModuleInput {
  @Field(() => String, { description: 'The name of the base module, for example `platform`.' })
  name: string;

  @Field(() => String, { nullable: true, description: 'The stream, for example `el9`. Default: any.' })
  stream?: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The lowest stream version, as the number that MBS makes of it (`el9.4.0` is 90400). Default: no bound.',
  })
  streamVersionGte?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The highest stream version, as the number that MBS makes of it. Default: no bound.',
  })
  streamVersionLte?: number | null;
}

type TypeOfField = Parameters<typeof Field>[0] & Function;

const ANSWER_TYPES: Readonly<Record<FieldKind, TypeOfField>> = {
  text: () => String,
  texts: () => [String],
  integer: () => Int,
  moduleDefaults: () => ModuleDefaultsType,
  baseModule: () => BaseModuleType,
};

const REQUEST_TYPES: Readonly<Record<FieldKind, TypeOfField>> = {
  ...ANSWER_TYPES,
  moduleDefaults: () => ModuleDefaultsInputType,
  baseModule: () => BaseModuleInputType,
};

const SOURCES = Object.values(SOURCE_DESCRIPTORS);
type Descriptor = (typeof SOURCES)[number];

function typeName({ field }: Descriptor): string {
  return `${field.charAt(0).toUpperCase()}${field.slice(1)}Source`;
}

/** A new class for type-graphql to attach fields to. */
function fieldHolder(): new () => object {
  return class {
    readonly [field: string]: unknown;
  };
}

function answerClass(descriptor: Descriptor): new () => object {
  const answer = fieldHolder();
  for (const [name, { kind, nullable, meaning }] of Object.entries(descriptor.fields))
    Field(ANSWER_TYPES[kind], { nullable, description: meaning })(answer.prototype, name);
  ObjectType(typeName(descriptor), { ...simple, description: descriptor.meaning })(answer);
  return answer;
}

function requestClass(descriptor: Descriptor): new () => object {
  const request = fieldHolder();
  for (const [name, { kind, request: asked }] of Object.entries(descriptor.fields))
    if (asked)
      Field(REQUEST_TYPES[kind], { nullable: !asked.required, description: asked.meaning })(request.prototype, name);
  InputType(`${typeName(descriptor)}Input`, { description: descriptor.meaning })(request);
  return request;
}

const answers = SOURCES.map(answerClass);

export const ComposeSourceUnion = createUnionType({
  name: 'ComposeSource',
  description:
    'Where the packages of a compose come from: the request and, once the compose is taken, its resolved form.',
  types: () => answers,
});

@InputType('ComposeSourceInput', { description: 'Where the packages come from. Exactly one field must be set.' })
export class ComposeSourceInputType {
  readonly [field: string]: unknown;
}

for (const descriptor of SOURCES) {
  const request = requestClass(descriptor);
  Field(() => request, { nullable: true, description: descriptor.meaning })(
    ComposeSourceInputType.prototype,
    descriptor.field,
  );
}

/** The GraphQL type of a source in an answer. */
export function sourceTypeName(source: ComposeSource): string {
  return typeName(descriptorOf(source));
}
