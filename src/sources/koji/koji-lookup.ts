// What the lookups of tags, builds and modules have in common: the services that they call, and their results.

import type { KojiEventStore, KojiInput } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeSource, SourceOf } from '../../compose/sources/descriptors.ts';
import type { Answer } from '../../upstreams/answer.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { MbsClient } from '../../upstreams/mbs/mbs-client.ts';

export type KojiSourceType = 'TAG' | 'BUILD' | 'MODULE';

export interface KojiUpstreams {
  readonly hub: KojiHub;
  readonly events: KojiEventStore;
  /** Null if none is configured: then only modules of modular tags can be found. */
  readonly mbs: Pick<MbsClient, 'latest'> | null;
  readonly baseModules: readonly string[];
}

export interface KojiLookup<T extends KojiSourceType> {
  readonly compose: Compose;
  readonly source: SourceOf<T>;
  readonly upstreams: KojiUpstreams;
  readonly signal: AbortSignal;
}

/** What a compose takes from Koji. */
export type KojiSelection = Pick<
  KojiInput,
  'event' | 'tag' | 'inheritance' | 'builds' | 'scratchBuildTasks' | 'modules' | 'modularTags' | 'scratchModules'
>;

export interface KojiLookupResult {
  /** The request's source with what it resolved to. */
  readonly source: ComposeSource;
  readonly fingerprint: readonly string[];
  readonly selection: KojiSelection;
}

export type KojiLookupAnswer = Answer<KojiLookupResult>;

export const EMPTY_SELECTION: KojiSelection = {
  event: null,
  tag: null,
  inheritance: false,
  builds: [],
  scratchBuildTasks: [],
  modules: [],
  modularTags: [],
  scratchModules: [],
};
