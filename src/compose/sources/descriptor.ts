// The facts about one source type that every type has. A new type needs a descriptor in descriptors.ts, a resolver, and in
// bootstrap/wire-sources.ts the engines that take it. Code for a field that only one type has may test for that type.

import type { Lane } from '../lane.ts';
import type { Check } from '../validation/check.ts';
import type { RequestRules } from '../validation/rules.ts';
import type { ComposeType, FlagScope } from '../vocabulary.ts';

/** Where a source is read from, the part of the request that matters to it, and where problems go. */
export interface SourceContext {
  /** Path of the source in the input, e.g. `input.source.tag`. */
  readonly path: string;
  readonly composeType: ComposeType;
  readonly rules: RequestRules;
  readonly check: Check;
}

/** A field of a source as clients see it: the GraphQL input and output types are made from these. */
export interface SourceField {
  readonly kind: FieldKind;
  /** In an answer. */
  readonly meaning: string;
  /** Whether it may be null in an answer. */
  readonly nullable: boolean;
  /** Null for a field that only answers have, because the service finds it out. */
  readonly request: { readonly required: boolean; readonly meaning: string } | null;
}

export type FieldKind = 'text' | 'texts' | 'integer' | 'moduleDefaults' | 'baseModule';

/** The table of fields that agrees with the domain type `Source` and the request type `Input`. */
export type FieldsOf<Source, Input> = {
  readonly [Name in Exclude<keyof Source, 'type'>]: SourceField & {
    readonly nullable: null extends Source[Name] ? true : false;
    readonly request: Name extends keyof Input
      ? { readonly required: undefined extends Input[Name] ? false : true }
      : null;
  };
};

/** What a renewal asks to replace; null keeps what the compose has. */
export interface RenewedItems {
  readonly builds: readonly string[] | null;
  readonly modules: readonly string[] | null;
}

export interface SourceDescriptor<
  Source,
  Input,
  Field extends string,
  Name extends string = Exclude<keyof Source, 'type'> & string,
> {
  /** The field of `ComposeSourceInput` for this type. */
  readonly field: Field;
  /** One or two sentences for clients. */
  readonly meaning: string;
  readonly fields: Readonly<Record<string, SourceField>>;
  /** Reports every problem to `context.check` and returns the source as far as it could be read. */
  validate(context: SourceContext, input: Input): Source;
  /** What `ComposeFilter.source` is compared with. */
  key(source: Source): string;
  /** Fields that hold what the source resolved to. The fingerprint covers them, so they are not in the digest. */
  readonly resolvedFields: readonly Name[];
  /** Fields that only lead to what was resolved, e.g. a branch. They are not in the digest either. */
  readonly inputOnlyFields: readonly Name[];
  /** The source for generating the compose again from the same content, apart from the renewed items. */
  respin(source: Source, renewed: RenewedItems): Source;
  /** Reads the `builds` of a renewal; without it the source takes none. */
  renewBuilds?(context: SourceContext, builds: readonly string[], source: Source): readonly string[];
  /** Reads the `modules` of a renewal; without it the source takes none. */
  renewModules?(context: SourceContext, modules: readonly string[], source: Source): readonly string[];
  /** Flags of these scopes, and of `any`, are for this type; all others are refused. */
  readonly flags: readonly FlagScope[];
  /** The setting that an operator needs for this type besides an engine; null where an engine is enough. */
  readonly neededSetting: string | null;
  /** Where a compose waits that is to be generated. `prepare` is for types that need no engine process. */
  readonly lane: Lane;
  /**
   * What a compose consists of. `repository`: packages in the variant `Temporary`, and a .repo file of the service.
   * `variants`: the release and the variants that a Pungi configuration defines, and no .repo file. `repo-file`: a .repo
   * file of repositories that another service serves, and no packages; such a compose is never reused.
   */
  readonly output: 'repository' | 'variants' | 'repo-file';
  /** Whether resolving changes arches or sigkeys of the request, so that a later attempt has another digest. */
  readonly resolvesRequest: boolean;
}
