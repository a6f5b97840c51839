// The source types: one descriptor each. All lists of source types, the domain's union of sources and the source of a
// request follow from this table.

import { wordsOf } from '../vocabulary.ts';
import { buildSource } from './build.ts';
import type { SourceDescriptor } from './descriptor.ts';
import { moduleSource } from './module.ts';
import { pulpSource } from './pulp.ts';
import { pungiComposeSource } from './pungi-compose.ts';
import { rawConfigSource } from './raw-config.ts';
import { repoSource } from './repo.ts';
import { tagSource } from './tag.ts';

const DESCRIPTORS = {
  TAG: tagSource,
  MODULE: moduleSource,
  REPO: repoSource,
  PULP: pulpSource,
  RAW_CONFIG: rawConfigSource,
  BUILD: buildSource,
  PUNGI_COMPOSE: pungiComposeSource,
};

type Descriptors = typeof DESCRIPTORS;

export type SourceType = keyof Descriptors;

/** What a compose takes its packages from: as requested and, once it is resolved, what that was at the time. */
export type ComposeSource = ReturnType<Descriptors[SourceType]['validate']>;

export type SourceOf<Type extends SourceType> = Extract<ComposeSource, { readonly type: Type }>;

/** Exactly one field is given: GraphQL's `@oneOf` refuses everything else. */
export type ComposeSourceInput = {
  readonly [Type in SourceType as Descriptors[Type]['field']]?:
    Parameters<Descriptors[Type]['validate']>[1] | null | undefined;
};

export type AnySourceDescriptor = SourceDescriptor<ComposeSource, object, keyof ComposeSourceInput, string>;

export const SOURCE_DESCRIPTORS: Readonly<Record<SourceType, AnySourceDescriptor>> = DESCRIPTORS;

export const SOURCE_TYPES = wordsOf(SOURCE_DESCRIPTORS);

export function descriptorOf({ type }: Pick<ComposeSource, 'type'>): AnySourceDescriptor {
  return SOURCE_DESCRIPTORS[type];
}

/** The source of a compose that was routed by the type of its source. Another type is a bug of that routing. */
export function sourceOfType<Type extends SourceType>(
  { source }: { readonly source: ComposeSource },
  type: Type,
): SourceOf<Type> {
  if (source.type !== type) throw new Error(`Expected a source of type ${type}, got ${source.type}`);
  return source as SourceOf<Type>;
}

/** What `ComposeFilter.source` is compared with, e.g. the tag or the URL of the repository. */
export function sourceKey(source: ComposeSource): string {
  return descriptorOf(source).key(source);
}

/** Names and globs of the packages that the request asks for; none means all packages. */
export function requestedPackages(source: ComposeSource): readonly string[] {
  return 'packages' in source ? source.packages : [];
}
