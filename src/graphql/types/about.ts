// The server's own description, and the viewer of a request.

import { Field, Int, ObjectType } from 'type-graphql';
import type { ComposeFlag, ComposeResult, ComposeType } from '../../compose/vocabulary.ts';
import { ComposeFlagEnum, ComposeResultEnum, ComposeTypeEnum, SourceTypeEnum } from './enums.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';

const simple = { simpleResolvers: true } as const;

@ObjectType('EngineInfo', { ...simple, description: 'A tool that generates composes.' })
class EngineInfoType {
  @Field(() => String, { description: 'The name of the engine: `pungi`, `dnf` or `repofile`.' })
  name: string;

  @Field(() => String, {
    nullable: true,
    description: 'The version of the tool on the machine that answers; null when the tool is not installed there.',
  })
  version: string | null;

  @Field(() => [SourceTypeEnum], { description: 'The source types that this engine is configured for.' })
  sourceTypes: readonly SourceType[];

  @Field(() => Boolean, {
    description:
      'True when the engine can run on the machine that answers. Workers may run on other machines and have it there.',
  })
  available: boolean;
}

@ObjectType('RawConfigInfo', {
  ...simple,
  description: 'A Pungi configuration that the server offers for composes of type `RAW_CONFIG`.',
})
class RawConfigInfo {
  @Field(() => String, { description: 'The name to use in `RawConfigSourceInput.name`.' })
  name: string;

  @Field(() => String, { description: 'The URL of the git repository that holds the configuration.' })
  url: string;

  @Field(() => String, {
    nullable: true,
    description: 'The commit that is always used, whatever a request names; null when requests choose the commit.',
  })
  commit: string | null;
}

@ObjectType('About', { ...simple, description: 'The version and the configuration of this server.' })
export class AboutType {
  @Field(() => String, { description: 'The version of the service.' })
  version: string;

  @Field(() => [EngineInfoType], { description: 'The engines that are configured, in order of preference.' })
  engines: readonly EngineInfoType[];

  @Field(() => [String], {
    description: 'The authentication methods that are accepted, in the order in which they are tried.',
  })
  authBackends: readonly string[];

  @Field(() => [String], {
    description: 'The signing keys that a request gets when it names none. Empty: packages need no signature.',
  })
  sigkeys: readonly string[];

  @Field(() => [RawConfigInfo], { description: 'The Pungi configurations that requests may name.' })
  rawConfigs: readonly RawConfigInfo[];

  @Field(() => Int, { description: 'How long results are kept when a request does not say, in seconds.' })
  defaultSecondsToLive: number;

  @Field(() => Int, {
    description: 'The longest time that results are kept, in seconds. Larger values are reduced to it.',
  })
  maxSecondsToLive: number;
}

@ObjectType('Permissions', {
  ...simple,
  description:
    'The values that a viewer may use in a request. Another value that this server has is `FORBIDDEN`; one that it does not have is `BAD_USER_INPUT`.',
})
class PermissionsType {
  @Field(() => [SourceTypeEnum], { description: 'The source types that may be requested.' })
  sourceTypes: readonly SourceType[];

  @Field(() => [ComposeFlagEnum], { description: 'The flags that may be set.' })
  flags: readonly ComposeFlag[];

  @Field(() => [ComposeResultEnum], {
    description:
      'The results that the viewer may request. The engine of the source type has to make them, too: see `ComposeResult`.',
  })
  results: readonly ComposeResult[];

  @Field(() => [String], { description: 'The arches that may be requested, for example `x86_64`.' })
  arches: readonly string[];

  @Field(() => [ComposeTypeEnum], { description: 'The compose types that may be requested.' })
  composeTypes: readonly ComposeType[];

  @Field(() => [String], { description: 'The names of the target directories that may be used.' })
  targetDirs: readonly string[];

  @Field(() => [String], { description: 'The names of the raw configurations that may be used.' })
  rawConfigs: readonly string[];
}

@ObjectType('Viewer', { ...simple, description: 'The user or service that sent the request.' })
export class ViewerType {
  @Field(() => String, { description: 'The name of the viewer. Composes that the viewer creates have it as `owner`.' })
  name: string;

  @Field(() => [String], {
    description: 'The groups that the viewer belongs to, as the authentication method reports them.',
  })
  groups: readonly string[];

  @Field(() => Boolean, { description: 'True for administrators, who may change the composes of other owners.' })
  isAdmin: boolean;

  @Field(() => PermissionsType, { description: 'The values that the viewer may use in requests.' })
  may: PermissionsType;
}
