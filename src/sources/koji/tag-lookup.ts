// What the three sources that come from Koji have in common: whom they ask, and what they find.

import type { KojiEventStore, KojiInput } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { MbsClient } from '../../upstreams/mbs/mbs-client.ts';
import type { ComposeSource, SourceOf } from '../../compose/sources/descriptors.ts';

export interface Upstreams {
  readonly hub: KojiHub;
  readonly events: KojiEventStore;
  /** Null where none is configured: then no module can be looked up, but those of modular tags. */
  readonly mbs: Pick<MbsClient, 'latest'> | null;
  readonly baseModules: readonly string[];
}

export interface Look<T extends ComposeSource['type']> {
  readonly compose: Compose;
  readonly source: SourceOf<T>;
  readonly upstreams: Upstreams;
  readonly signal: AbortSignal;
}

export interface Found {
  /** As asked, with what it resolved to. */
  readonly source: ComposeSource;
  readonly fingerprint: readonly string[];
  readonly taken: Pick<
    KojiInput,
    'event' | 'tag' | 'inheritance' | 'builds' | 'scratchBuildTasks' | 'modules' | 'modularTags' | 'scratchModules'
  >;
}

export type Finding = { readonly found: Found } | { readonly failure: ComposeFailure };

/** Nothing of a kind: what a source adds to. */
export const NOTHING: Found['taken'] = {
  event: null,
  tag: null,
  inheritance: false,
  builds: [],
  scratchBuildTasks: [],
  modules: [],
  modularTags: [],
  scratchModules: [],
};
