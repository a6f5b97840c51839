// What the service says of itself, and of who is asking.

import { Field, Int, ObjectType } from 'type-graphql';
import type { ComposeFlag, ComposeResult, ComposeType, SourceType } from '../../compose/vocabulary.ts';
import { ComposeFlagEnum, ComposeResultEnum, ComposeTypeEnum, SourceTypeEnum } from './enums.ts';

const simple = { simpleResolvers: true } as const;

@ObjectType('EngineInfo', { ...simple, description: 'A tool that generates composes.' })
export class EngineInfoType {
  @Field(() => String)
  name: string;

  @Field(() => String, { nullable: true })
  version: string | null;

  @Field(() => [SourceTypeEnum])
  sourceTypes: readonly SourceType[];

  @Field(() => Boolean)
  available: boolean;
}

@ObjectType('RawConfigInfo', { ...simple, description: 'A Pungi configuration that composes may be made from.' })
export class RawConfigInfo {
  @Field(() => String)
  name: string;

  @Field(() => String)
  url: string;

  @Field(() => String, { nullable: true })
  commit: string | null;
}

@ObjectType('About', { ...simple, description: 'What this server is and can do.' })
export class AboutType {
  @Field(() => String)
  version: string;

  @Field(() => [EngineInfoType])
  engines: readonly EngineInfoType[];

  @Field(() => [String])
  authBackends: readonly string[];

  @Field(() => [String])
  sigkeys: readonly string[];

  @Field(() => [RawConfigInfo])
  rawConfigs: readonly RawConfigInfo[];

  @Field(() => Int)
  defaultSecondsToLive: number;

  @Field(() => Int)
  maxSecondsToLive: number;
}

@ObjectType('Permissions', { ...simple, description: 'Everything that a request may name.' })
export class PermissionsType {
  @Field(() => [SourceTypeEnum])
  sourceTypes: readonly SourceType[];

  @Field(() => [ComposeFlagEnum])
  flags: readonly ComposeFlag[];

  @Field(() => [ComposeResultEnum])
  results: readonly ComposeResult[];

  @Field(() => [String])
  arches: readonly string[];

  @Field(() => [ComposeTypeEnum])
  composeTypes: readonly ComposeType[];

  @Field(() => [String])
  targetDirs: readonly string[];

  @Field(() => [String])
  rawConfigs: readonly string[];
}

@ObjectType('Viewer', { ...simple, description: 'Who is asking.' })
export class ViewerType {
  @Field(() => String)
  name: string;

  @Field(() => [String])
  groups: readonly string[];

  @Field(() => Boolean)
  isAdmin: boolean;

  @Field(() => PermissionsType)
  may: PermissionsType;
}
